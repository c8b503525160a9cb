import { CopyButton } from './CopyButton';

/** An identifier in full with its copy button; a dash where there is none. */
export function Identifier({ value, what }: { value: string | null | undefined; what: string }) {
  if (!value) return <span className="pt-none">–</span>;
  return (
    <span className="pt-identifier">
      <span className="pt-mono">{value}</span>
      <CopyButton text={value} what={what} />
    </span>
  );
}
