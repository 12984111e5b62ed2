import Docker from "dockerode";
import { Unavailable } from "@nebula/protocol";
import type { ContainerEngine, ImageFacts, OwnContainer } from "../../app/ports.ts";
import { LABELS } from "../../domain/plan.ts";

const GONE = new Set([404, 409]);

function statusOf(error: unknown): number {
  return error instanceof Error && "statusCode" in error ? Number(error.statusCode) : 0;
}

async function versionOf(docker: Docker, socketPath: string): Promise<string> {
  try {
    const answer = await docker.version();
    return `docker ${answer.Version}`;
  } catch (cause) {
    throw new Unavailable(
      "SERVER_AWAY",
      `Docker does not answer at ${socketPath}; start it with "systemctl start docker"`,
      { cause },
    );
  }
}

async function imageFacts(docker: Docker, tag: string): Promise<ImageFacts | null> {
  try {
    const facts = await docker.getImage(tag).inspect();
    const entrypoint = facts.Config.Entrypoint;
    if (entrypoint === undefined || entrypoint.length === 0) return null;
    return { id: facts.Id, entrypoint: typeof entrypoint === "string" ? [entrypoint] : entrypoint };
  } catch (error) {
    if (statusOf(error) === 404) return null;
    throw error;
  }
}

/** The container engine behind a unix socket. `imagePrefixes`: beginnings of the names of images that the rig may run. */
export function dockerEngine(options: {
  socketPath: string;
  imagePrefixes: readonly string[];
}): ContainerEngine {
  const docker = new Docker({ socketPath: options.socketPath });
  const isAllowed = (tag: string): boolean => options.imagePrefixes.some((prefix) => tag.startsWith(prefix));
  return {
    version: () => versionOf(docker, options.socketPath),

    async images() {
      const images = await docker.listImages();
      // An image without a tag has null here, whatever the types say.
      return images.flatMap((image) => (image.RepoTags as string[] | null) ?? []).filter(isAllowed);
    },

    image: async (tag) => (isAllowed(tag) ? imageFacts(docker, tag) : null),

    async containers(rigId): Promise<readonly OwnContainer[]> {
      const found = await docker.listContainers({
        all: true,
        filters: { label: [`${LABELS.rig}=${rigId}`] },
      });
      return found.map(({ Id, Labels }) => ({ id: Id, attempt: Labels[LABELS.attempt] ?? "" }));
    },

    async remove(container) {
      try {
        await docker.getContainer(container).remove({ force: true, v: true });
      } catch (error) {
        if (!GONE.has(statusOf(error))) throw error;
      }
    },
  };
}
