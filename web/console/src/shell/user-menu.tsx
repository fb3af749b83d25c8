// The user's corner: language, appearance, shortcuts, log-out.
import { Button, Popover } from "antd";
import { type KeyboardEvent, useRef, useState } from "react";
import type { User } from "../api/types";
import { Icon } from "../parts/icons";
import { useText } from "../text";
import type { TextKey } from "../text/zh";
import { logOut } from "./session";
import { isComposing, type Shortcut, SHORTCUTS, shown } from "./shortcuts";
import { LanguageSwitch, ThemeSwitch } from "./switches";

export function UserMenu({ user }: { user: User }) {
  const t = useText();
  const [open, setOpen] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const escape = (event: KeyboardEvent) => {
    if (!open || event.key !== "Escape" || isComposing(event.nativeEvent)) return;
    setOpen(false);
    button.current?.focus();
  };
  return (
    <Popover open={open} onOpenChange={setOpen} trigger="click" placement="bottomRight" arrow={false} content={<div onKeyDown={escape}><UserPanel user={user} /></div>}>
      <button ref={button} type="button" className="user-button" onKeyDown={escape} aria-label={`${t("user.menu")}: ${user.name}`} aria-expanded={open}>
        <Icon name="user" />
        <span className="cut">{user.name}</span>
      </button>
    </Popover>
  );
}

function UserPanel({ user }: { user: User }) {
  const t = useText();
  return (
    <section className="user-panel" aria-label={t("user.menu")}>
      <div>
        <strong>{user.name}</strong>
        <div className="faint roles">{user.roles.map((role) => t(`role.${role}`)).join(" · ")}</div>
      </div>
      <div><div className="soft">{t("language")}</div><LanguageSwitch /></div>
      <div><div className="soft">{t("theme")}</div><ThemeSwitch /></div>
      <div>
        <div className="soft">{t("help.shortcuts")}</div>
        <table>
          <tbody>
            {(Object.keys(SHORTCUTS) as Shortcut[]).map((shortcut) => (
              <tr key={shortcut}><td>{t(`key.${shortcut}` as TextKey)}</td><td><kbd>{shown(shortcut)}</kbd></td></tr>
            ))}
          </tbody>
        </table>
      </div>
      <Button block onClick={() => void logOut()}>{t("logout")}</Button>
    </section>
  );
}
