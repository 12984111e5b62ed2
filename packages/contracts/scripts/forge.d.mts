export function runForge(
  args: readonly string[],
  options?: { readonly captures?: boolean; readonly env?: Readonly<Record<string, string>> },
): Promise<{ readonly code: number; readonly output: string }>;
