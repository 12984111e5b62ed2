import { expect, test } from "vitest";
import { cookieJar } from "../src/demo/cookie-jar.ts";

const at = (path: string): URL => new URL(`http://127.0.0.1:8701${path}`);

test.each([
  ["its own path", "a=1; Path=/realms/nebula", "/realms/nebula", "a=1"],
  ["a path below", "a=1; path=/realms/nebula; HttpOnly", "/realms/nebula/auth", "a=1"],
  ["a path that only begins alike", "a=1; Path=/realms/neb", "/realms/nebula", ""],
  ["everywhere", "a=1; Path=/", "/x", "a=1"],
  ["the folder it came from", "a=1", "/realms/other", "a=1"],
  ["a value with equals signs", "a=b==; Path=/", "/", "a=b=="],
])("a cookie goes to %s", (_name, setCookie, path, sent) => {
  const jar = cookieJar();

  jar.keep(at("/realms/nebula"), [setCookie]);

  expect(jar.header(at(path))).toBe(sent);
});

test("a cookie set to nothing is forgotten", () => {
  const jar = cookieJar();
  jar.keep(at("/"), ["a=1; Path=/", "b=2; Path=/"]);

  jar.keep(at("/"), ["a=; Path=/; expires=Thu, 01 Jan 1970 00:00:00 GMT"]);

  expect(jar.header(at("/"))).toBe("b=2");
});
