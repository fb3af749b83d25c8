// Copies the bare digits or id, whatever its display form.
import { useState } from "react";
import { useText } from "../text";
import { Icon } from "./icons";

const COPIED_SHOWN_MS = 1_500;

export function CopyButton({ value }: { value: string }) {
  const t = useText();
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(value);
    setCopied(true);
    setTimeout(() => setCopied(false), COPIED_SHOWN_MS);
  };
  const words = t(copied ? "copied" : "copy");
  return (
    <button type="button" className="copy" title={words} aria-label={`${words} ${value}`} onClick={() => void copy()}>
      <Icon name={copied ? "ready" : "copy"} size={14} />
    </button>
  );
}
