import { describe, expect, it } from "vitest";
import { Bug } from "@nebula/protocol";
import { checkPlan } from "../../src/domain/plan-check.ts";
import { buildPlan, jobEnvironment, type ContainerPlan, type PlanRequest } from "../../src/domain/plan.ts";

const REQUEST: PlanRequest = {
  rigId: "rig_x",
  attempt: "att_x",
  fence: 4,
  specHash: "0x12",
  image: { id: `sha256:${"cd".repeat(32)}`, entrypoint: ["/usr/bin/python3", "-m", "nebula_kernel"] },
  limits: { cpus: 2, memoryMiB: 2_048, pids: 512, runMs: 60_000 },
  slotIndex: 3,
  gpuUuid: null,
};
const GPU = "GPU-0b1c2d3e-1111-2222-3333-444455556666";

const host = (changes: object) => (plan: ContainerPlan) => ({
  ...plan,
  HostConfig: { ...plan.HostConfig, ...changes },
});
const top = (changes: object) => (plan: ContainerPlan) => ({ ...plan, ...changes });

describe("a plan", () => {
  it("of an ordinary request passes the check", () => {
    expect(() => checkPlan(buildPlan(REQUEST))).not.toThrow();
    expect(() => checkPlan(buildPlan({ ...REQUEST, gpuUuid: GPU }))).not.toThrow();
  });

  it("gives each slot a user id of its own", () => {
    expect(buildPlan(REQUEST).User).toBe("20003:20003");
    expect(buildPlan({ ...REQUEST, slotIndex: 4 }).User).toBe("20004:20004");
  });

  it("gives the one GPU of the slot, and none to a CPU slot", () => {
    expect(buildPlan({ ...REQUEST, gpuUuid: GPU }).HostConfig.DeviceRequests).toEqual([
      { Driver: "nvidia", DeviceIDs: [GPU], Capabilities: [["gpu", "compute", "utility"]] },
    ]);
    expect(buildPlan(REQUEST).HostConfig.DeviceRequests).toEqual([]);
    expect(buildPlan(REQUEST).Env).toContain("NVIDIA_VISIBLE_DEVICES=void");
    expect(buildPlan({ ...REQUEST, gpuUuid: GPU }).Env.join()).not.toContain("NVIDIA");
  });

  it("holds numeric libraries to the share of the processor", () => {
    expect(buildPlan(REQUEST).Env).toEqual(
      expect.arrayContaining(["OMP_NUM_THREADS=2", "OPENBLAS_NUM_THREADS=2", "MKL_NUM_THREADS=2"]),
    );
    expect(buildPlan({ ...REQUEST, limits: { ...REQUEST.limits, cpus: 0.5 } }).Env).toContain(
      "OMP_NUM_THREADS=1",
    );
  });

  it("allows no more processes than agreed, whatever the offer says", () => {
    expect(buildPlan({ ...REQUEST, limits: { ...REQUEST.limits, pids: 100_000 } }).HostConfig.PidsLimit).toBe(
      512,
    );
  });

  it.each([
    ["privileged", host({ Privileged: true })],
    ["a capability", host({ CapAdd: ["SYS_ADMIN"] })],
    ["capabilities not dropped", host({ CapDrop: [] })],
    ["new privileges", host({ SecurityOpt: [] })],
    ["no system call filter", host({ SecurityOpt: ["no-new-privileges:true", "seccomp=unconfined"] })],
    ["a writable root", host({ ReadonlyRootfs: false })],
    ["a bind mount", host({ Binds: ["/:/host"] })],
    ["a mount", host({ Mounts: [{ Type: "bind", Source: "/", Target: "/x" }] })],
    ["a device", host({ Devices: [{ PathOnHost: "/dev/sda" }] })],
    [
      "all GPUs",
      host({ DeviceRequests: [{ Driver: "nvidia", Count: -1, DeviceIDs: [], Capabilities: [["gpu"]] }] }),
    ],
    [
      "a GPU by index",
      host({ DeviceRequests: [{ Driver: "nvidia", DeviceIDs: ["0"], Capabilities: [["gpu"]] }] }),
    ],
    ["swap", host({ MemorySwap: -1 })],
    ["unbounded memory", host({ Memory: 0, MemorySwap: 0 })],
    ["no out-of-memory killer", host({ OomKillDisable: true })],
    ["unbounded processor", host({ NanoCpus: 0 })],
    ["unbounded processes", host({ PidsLimit: -1 })],
    ["more processes", host({ PidsLimit: 513 })],
    [
      "many open files",
      host({
        Ulimits: [
          { Name: "nofile", Soft: 1, Hard: 1_000_000 },
          { Name: "core", Soft: 0, Hard: 0 },
        ],
      }),
    ],
    ["core dumps", host({ Ulimits: [{ Name: "nofile", Soft: 4_096, Hard: 4_096 }] })],
    ["a network", host({ NetworkMode: "bridge" })],
    ["the host's network", host({ NetworkMode: "host" })],
    ["shared memory of the host", host({ IpcMode: "host" })],
    ["processes of the host", host({ PidMode: "host" })],
    ["the host's name", host({ UTSMode: "host" })],
    ["the host's users", host({ UsernsMode: "host" })],
    ["the host's control groups", host({ CgroupnsMode: "host" })],
    ["automatic removal", host({ AutoRemove: true })],
    ["restarts", host({ RestartPolicy: { Name: "always" } })],
    ["a first process that is not the runner", host({ Init: true })],
    ["logs on the host's disk", host({ LogConfig: { Type: "json-file" } })],
    ["scratch space without a size", host({ Tmpfs: { "/tmp": "rw", "/job": "rw" } })],
    [
      "scratch space elsewhere",
      host({ Tmpfs: { "/etc": "rw,exec,nosuid,nodev,size=1m,nr_inodes=1,mode=0700,uid=1,gid=1" } }),
    ],
    ["an option that nobody thought of", host({ SecurityOptions: ["x"] })],
    ["volumes of another container", host({ VolumesFrom: ["x"] })],
    ["root", top({ User: "0:0" })],
    ["the image's user", top({ User: "" })],
    ["a user of the host", top({ User: "1000:1000" })],
    ["an image by name", top({ Image: "nebula/kernel-minimal:1" })],
    ["the image's own entrypoint", top({ Entrypoint: [] })],
    ["a command", top({ Cmd: ["sh"] })],
    ["a preloaded library", top({ Env: ["LD_PRELOAD=/x.so"] })],
    ["every GPU by environment", top({ Env: ["NVIDIA_VISIBLE_DEVICES=all"] })],
    ["a terminal", top({ Tty: true })],
    ["a network in the image's way", top({ NetworkDisabled: false })],
    ["a health check", top({ Healthcheck: { Test: ["CMD", "x"] } })],
    ["no labels", top({ Labels: {} })],
    ["a volume", top({ Volumes: { "/x": {} } })],
  ])("with %s is refused", (_, weaken) => {
    expect(() => checkPlan(weaken(buildPlan(REQUEST)))).toThrow(Bug);
  });
});

describe("the job's environment", () => {
  it("loses the names that reach past the container's walls", () => {
    const wanted = {
      A: "1",
      NVIDIA_VISIBLE_DEVICES: "all",
      DOCKER_HOST: "x",
      LD_PRELOAD: "y",
      LD_LIBRARY_PATH: "z",
      MY_NVIDIA_X: "2",
    };

    expect(jobEnvironment(wanted)).toEqual({ A: "1", MY_NVIDIA_X: "2" });
  });
});
