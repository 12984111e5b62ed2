/** Hands bytes or a text to the browser as a download. */
export function download(document: Document, name: string, content: BlobPart): void {
  const type = typeof content === "string" ? "text/plain" : "application/octet-stream";
  const url = URL.createObjectURL(new Blob([content], { type }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}

/** File name of an artefact: its path below `/job/out` with the folders joined by dashes. */
export function downloadName(path: string): string {
  return path.replaceAll("/", "-");
}
