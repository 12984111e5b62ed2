import { join } from "node:path";

/** Names of the images that this package builds. */
export const IMAGE_NAMES = ["coursework", "minimal"] as const;
export type ImageName = (typeof IMAGE_NAMES)[number];

/** Folder of this package. */
export const PACKAGE_DIR = join(import.meta.dirname, "..");
/** Folder of the repository, where `.nebula/` holds the state. */
export const REPOSITORY_DIR = join(PACKAGE_DIR, "..", "..");

/** Debian release and packages of the base. Raising `BASE_EDITION` makes every base new, with today's security updates. */
export const DEBIAN_SUITE = "bookworm";
export const DEBIAN_MIRROR = "http://deb.debian.org/debian";
export const DEBIAN_PACKAGES = ["python3"] as const;
export const BASE_EDITION = 1;

export const PYTHON_VERSION = "3.11";
/** Where Python of the base looks for packages that no Debian package holds. */
export const PACKAGES_PATH = "usr/local/lib/python3.11/dist-packages";
/** Where the runner finds the list of fonts for Matplotlib. */
export const FONTS_PATH = "usr/local/share/nebula/matplotlib";
export const UV_VERSION = "0.13.9";

/** Folders that no job needs, relative to the root of the image. */
export const SLIM_PATHS = [
  "usr/share/doc",
  "usr/share/man",
  "usr/share/locale",
  "usr/share/info",
  "usr/share/lintian",
  "var/cache/apt",
  "var/cache/debconf",
  "var/lib/apt/lists",
  "var/log",
] as const;

/** Label of every image and container of this package; its value is the image's name. */
export const LABEL = "org.nebula.kernel";

/** What `docker commit --change` sets on a finished image. Debian's Python, isolated from environment and current folder. */
export const IMAGE_CHANGES: readonly string[] = [
  'ENTRYPOINT ["/usr/bin/python3","-I","-m","nebula_kernel"]',
  "CMD []",
  "WORKDIR /",
  "ENV LANG=C.UTF-8",
  "ENV PATH=/usr/local/bin:/usr/bin:/bin",
  "ENV KERAS_BACKEND=jax",
  "ENV PYTHONDONTWRITEBYTECODE=1",
];

/** Packages whose own tests are left out of the image: 60 MB that no job imports. */
export const PRUNED_TESTS = ["numpy", "scipy", "pandas", "matplotlib", "h5py"] as const;
