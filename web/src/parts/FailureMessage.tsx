const longLines = 4;
const longText = 320;

/** Why something failed, as the service said it; a stack trace folds away behind its first line. */
export function FailureMessage({ message, open = false }: { message: string | null | undefined; open?: boolean }) {
  if (!message) return <p className="pt-none">No reason given</p>;
  const lines = message.trimEnd().split('\n');
  if (lines.length <= longLines && message.length <= longText) {
    return <p className="pt-said">{message.trimEnd()}</p>;
  }
  const first = lines.find((line) => line.trim() !== '') ?? '';
  return (
    <details className="pt-said-long" open={open && lines.length <= 12}>
      <summary>
        {first.slice(0, longText)}
        {first.length > longText && '…'}
      </summary>
      <pre>{message.trimEnd()}</pre>
    </details>
  );
}
