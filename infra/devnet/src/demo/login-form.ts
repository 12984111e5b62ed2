/** A form ready to be filled in and sent. */
export interface LoginForm {
  /** Where it goes, as written in the page. */
  readonly action: string;
  /** Its hidden fields. */
  readonly fields: URLSearchParams;
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&amp;": "&",
  "&lt;": "<",
  "&gt;": ">",
  "&quot;": '"',
  "&#39;": "'",
  "&#x2F;": "/",
  "&#x3D;": "=",
};

/** The first form of a page that asks for a password; undefined when there is none. */
export function formWithPassword(page: string): LoginForm | undefined {
  for (const [, open = "", content = ""] of page.matchAll(/<form\b([^>]*)>(.*?)<\/form>/gis)) {
    const inputs = [...content.matchAll(/<input\b([^>]*)>/gis)].map(([, attributes = ""]) => attributes);
    if (
      !inputs.some(
        (input) => attribute(input, "name") === "password" && attribute(input, "type") === "password",
      )
    )
      continue;
    const fields = new URLSearchParams();
    for (const input of inputs) {
      const name = attribute(input, "name");
      if (name !== undefined && attribute(input, "type") === "hidden")
        fields.set(name, attribute(input, "value") ?? "");
    }
    return { action: attribute(open, "action") ?? "", fields };
  }
  return undefined;
}

function attribute(text: string, name: string): string | undefined {
  const found = new RegExp(`(?:^|\\s)${name}\\s*=\\s*(?:"([^"]*)"|'([^']*)')`, "is").exec(text);
  const value = found?.[1] ?? found?.[2];
  return value?.replace(/&(?:amp|lt|gt|quot|#39|#x2F|#x3D);/g, (entity) => ENTITIES[entity] ?? entity);
}
