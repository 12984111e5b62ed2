/** Cookies of one sign-in, for one host. */
export interface CookieJar {
  /** The Cookie header for a request to `url`. */
  header(url: URL): string;
  /** Takes in the Set-Cookie headers of an answer from `url`. */
  keep(url: URL, setCookies: readonly string[]): void;
}

/** An empty jar. It keeps to paths, and forgets what is set to nothing. */
export function cookieJar(): CookieJar {
  const cookies = new Map<string, { readonly path: string; readonly pair: string }>();
  return {
    header: (url) =>
      [...cookies.values()]
        .filter(({ path }) => isUnder(url.pathname, path))
        .map(({ pair }) => pair)
        .join("; "),
    keep(url, setCookies) {
      for (const text of setCookies) {
        const [pair = "", ...attributes] = text.split(";").map((part) => part.trim());
        const path =
          attributes.find((attribute) => /^path=/i.test(attribute))?.slice(5) ?? folderOf(url.pathname);
        const [name = "", value = ""] = pair.split(/=(.*)/s);
        const key = `${name};${path}`;
        if (value === "") cookies.delete(key);
        else cookies.set(key, { path, pair });
      }
    },
  };
}

function isUnder(path: string, parent: string): boolean {
  return path === parent || path.startsWith(parent.endsWith("/") ? parent : `${parent}/`);
}

function folderOf(path: string): string {
  return path.slice(0, Math.max(1, path.lastIndexOf("/")));
}
