/** A sentence of the API as a line of its own: with a capital letter first. */
export function asSentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** "1 service", "2 services", "3 statuses". */
export function count(n: number, noun: string): string {
  return `${n.toLocaleString('en')} ${n === 1 ? noun : plural(noun)}`;
}

export function plural(noun: string): string {
  return noun.endsWith('s') ? `${noun}es` : `${noun}s`;
}

/** A message of the API among our own sentences: with a capital letter and a full stop. */
export function inFull(message: string): string {
  return asSentence(message).replace(/[^.!?…]$/, '$&.');
}
