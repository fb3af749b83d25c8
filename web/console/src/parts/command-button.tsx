// A button whose act crosses to the exchange: shows asked, refused and unanswered where it stands.
import { Button, Tooltip } from "antd";
import type { ComponentProps, ReactNode } from "react";
import { again, forget, useCommand } from "../live/command";
import { refreshLive } from "../live/store";
import { useText } from "../text";
import { problemWord } from "./faces";

interface CommandButtonProps extends Omit<ComponentProps<typeof Button>, "onClick" | "disabled" | "loading"> {
  /** Name of the command in the store; buttons of one name share its fate. */
  name: string;
  onPress: () => void;
  /** Why it cannot be pressed now; undefined when it can. */
  disabledBecause?: string | undefined;
  askedWord?: string;
  shortcut?: string;
  /** Where its fate is told: below it in the bar, above it at the foot of a panel. */
  fate?: "below" | "above";
  children: ReactNode;
}

export function CommandButton({ name, onPress, disabledBecause, askedWord, shortcut, fate = "below", children, className, ...rest }: CommandButtonProps) {
  const state = useCommand(name);
  const asked = state.phase === "asked";
  const blocked = disabledBecause !== undefined || asked;
  return (
    <span className="command">
      <Tooltip title={disabledBecause ?? shortcut}>
        <Button
          {...rest}
          className={`${className ?? ""} ${blocked ? "blocked" : ""} ${asked ? "asked" : ""}`}
          aria-disabled={blocked}
          onClick={blocked ? undefined : onPress}
        >
          {asked && askedWord ? askedWord : children}
        </Button>
      </Tooltip>
      <CommandFate name={name} place={fate} />
    </span>
  );
}

/** Refusal for six seconds, or "not confirmed" with what to do; floats at its button and moves nothing. */
export function CommandFate({ name, place }: { name: string; place: "below" | "above" }) {
  const t = useText();
  const state = useCommand(name);
  if (state.phase === "refused") {
    return (
      <span className={`fate fate-${place} fate-refused`} role="alert">
        {t("command.refused", { why: problemWord(state.problem) })}
      </span>
    );
  }
  if (state.phase !== "unanswered") return null;
  const check = () => {
    forget(name);
    refreshLive();
  };
  return (
    <span className={`fate fate-${place} fate-unanswered`} role="alert">
      {t("command.unanswered")}
      <button type="button" onClick={check}>{t("command.check")}</button>
      <button type="button" onClick={() => again(name)}>{t("command.again")}</button>
    </span>
  );
}
