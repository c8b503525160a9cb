/** What a person pastes, reduced to the identifier in it: blanks and quotes around it go, and a trailing comma or full stop. */
export function readIdentifier(pasted: string): string {
  return pasted.replace(/^[\s"'`“”‘’«»]+/u, '').replace(/[\s"'`“”‘’«»,;.]+$/u, '');
}

/** The 32 hexadecimal digits of a UUID with or without dashes in any case, as requests are written here; null for anything else. */
export function asRequestId(id: string): string | null {
  const digits = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i.test(id)
    ? id.replaceAll('-', '')
    : id;
  return /^[0-9a-f]{32}$/i.test(digits) ? digits.toLowerCase() : null;
}
