// Log-in: language first, then name and password. The same words for a wrong password and an unknown user.
import { useNavigate, useSearch } from "@tanstack/react-router";
import { Button, Input } from "antd";
import { type FormEvent, useEffect, useState } from "react";
import { Problem } from "../api/client";
import { problemWord } from "../parts/faces";
import { Icon } from "../parts/icons";
import { logIn, useSession } from "../shell/session";
import { LanguageSwitch } from "../shell/switches";
import { useText } from "../text";
import { duration } from "../text/format";
import "./login.css";

const SECOND_MS = 1_000;

/** Seconds until another try is allowed; counts down to 0. */
function useLockOut(): [number, (seconds: number) => void] {
  const [left, setLeft] = useState(0);
  useEffect(() => {
    if (left <= 0) return undefined;
    const timer = setTimeout(() => setLeft(left - 1), SECOND_MS);
    return () => clearTimeout(timer);
  }, [left]);
  return [left, setLeft];
}

export function LoginPage() {
  const t = useText();
  const session = useSession();
  const navigate = useNavigate();
  const { next } = useSearch({ from: "/login" });
  const [fields, setFields] = useState({ username: "", password: "" });
  const [missing, setMissing] = useState<{ username?: boolean; password?: boolean }>({});
  const [problem, setProblem] = useState<Problem>();
  const [asking, setAsking] = useState(false);
  const [seen, setSeen] = useState(false);
  const [left, lock] = useLockOut();

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const gaps = { username: fields.username.trim() === "", password: fields.password === "" };
    setMissing(gaps);
    if (gaps.username || gaps.password || asking || left > 0) return;
    setAsking(true);
    setProblem(undefined);
    try {
      await logIn(fields.username.trim(), fields.password);
      await navigate({ to: next ?? "/" });
    } catch (cause) {
      const refusal = cause instanceof Problem ? cause : new Problem({ title: String(cause), status: 0, code: "error" });
      setProblem(refusal);
      lock(refusal.retryAfterSeconds ?? 0);
    } finally {
      setAsking(false);
    }
  };

  return (
    <div className="login">
      <main className="login-card panel">
        <div className="row login-head">
          <img src="/favicon.svg" alt="" width={28} height={28} />
          <h1 className="grow">{t("product")}<span className="hidden-text"> {t("login.title")}</span></h1>
          <LanguageSwitch />
        </div>
        <form onSubmit={(event) => void submit(event)} noValidate>
          <label htmlFor="username">{t("login.user")}</label>
          <Input
            id="username" autoComplete="username" autoFocus maxLength={60} value={fields.username}
            status={missing.username ? "error" : ""} aria-describedby="username-note" aria-invalid={missing.username ?? false}
            onChange={(event) => setFields({ ...fields, username: event.target.value })}
          />
          <p id="username-note" className="field-note">{missing.username && t("login.needUser")}</p>
          <label htmlFor="password">{t("login.password")}</label>
          <Input
            id="password" type={seen ? "text" : "password"} autoComplete="current-password" maxLength={200} value={fields.password}
            status={missing.password ? "error" : ""} aria-describedby="password-note" aria-invalid={missing.password ?? false}
            onChange={(event) => setFields({ ...fields, password: event.target.value })}
            suffix={
              <button type="button" className="show-password" aria-pressed={seen} aria-label={t("login.show")} title={t(seen ? "login.hide" : "login.show")} onClick={() => setSeen(!seen)}>
                <Icon name="eye" />
              </button>
            }
          />
          <p id="password-note" className="field-note">{missing.password && t("login.needPassword")}</p>
          <Button type="primary" htmlType="submit" block disabled={left > 0} aria-busy={asking}>{t("login.submit")}</Button>
          <p className="login-problem" role="alert">
            {problem && left > 0 && t(problem.code === "locked" ? "login.locked" : "login.wait", { left: duration(left * SECOND_MS) })}
            {problem && left <= 0 && (problem.status === 0 ? t("face.unreachable") : problemWord(problem))}
            {!problem && session.phase === "out" && session.ended && t("login.ended")}
          </p>
        </form>
      </main>
    </div>
  );
}
