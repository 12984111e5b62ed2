/** Version of the agent, as the package says; a test holds the two together. */
export const AGENT_VERSION = "0.1.0";
