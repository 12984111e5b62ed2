import { beforeEach, expect, it, vi } from "vitest";
import { NotAllowed, Unavailable } from "@nebula/protocol";
import { aCampusSession, aSession, aSignedInSession, FakeCampus, ME } from "../a-campus.ts";

const AWAY = new Unavailable("SERVER_AWAY", "no answer");

beforeEach(() => {
  vi.useFakeTimers();
});

it("knows the campus once it has answered, and nobody is signed in", async () => {
  const session = aCampusSession(new FakeCampus());

  await session.connect();

  expect(session).toMatchObject({ state: "signed-out", me: null, problem: null });
  expect(session.campus?.name).toBe("Test campus");
});

it("keeps trying while the campus is away", async () => {
  const campus = new FakeCampus();
  const answer = campus.answers["getCampus"]!;
  campus.answers["getCampus"] = () => Promise.reject(AWAY);
  const session = aCampusSession(campus);
  await session.connect();
  const during = session.state;

  campus.answers["getCampus"] = answer;
  await vi.advanceTimersByTimeAsync(1_000);

  expect(during).toBe("away");
  expect(session).toMatchObject({ state: "signed-out", problem: null });
});

it("stops trying when it is disposed of", async () => {
  const campus = new FakeCampus();
  campus.answers["getCampus"] = () => Promise.reject(AWAY);
  const session = aCampusSession(campus);
  await session.connect();

  session.dispose();
  await vi.advanceTimersByTimeAsync(60_000);

  expect(campus.calls.filter((call) => call.name === "getCampus")).toHaveLength(1);
});

it("shows who is signed in and what is left", async () => {
  const session = await aSignedInSession(new FakeCampus());

  expect(session).toMatchObject({ state: "signed-in", me: ME });
});

it("opens the sign-in window before anything is awaited", async () => {
  let isOpen = false;
  const session = aCampusSession(new FakeCampus(), async () => {
    isOpen = true;
    return aSession();
  });
  await session.connect();

  const signingIn = session.signIn();

  expect(isOpen).toBe(true);
  await signingIn;
});

it("is signed out again when the sign-in is refused", async () => {
  const refusal = new NotAllowed("TOKEN_INVALID", "refused");
  const session = aCampusSession(new FakeCampus(), () => Promise.reject(refusal));
  await session.connect();

  await expect(session.signIn()).rejects.toBe(refusal);

  expect(session).toMatchObject({ state: "signed-out", problem: refusal });
});

it("cannot sign in before the campus has answered", async () => {
  await expect(aCampusSession(new FakeCampus()).signIn()).rejects.toMatchObject({ code: "SERVER_AWAY" });
});

it("is signed out when the session ends", async () => {
  const signedIn = aSession();
  const session = aCampusSession(new FakeCampus(), async () => signedIn);
  await session.connect();
  await session.signIn();

  signedIn.end();

  expect(session).toMatchObject({ state: "signed-out", me: null });
});

it("forgets the person and the campus when it turns to another", async () => {
  const session = await aSignedInSession(new FakeCampus());

  await session.moveTo("https://other.test");

  expect(session).toMatchObject({ serverUrl: "https://other.test", state: "signed-out", me: null });
});
