// The faces a page has besides its own: loading, empty, error, no right, not found.
import { Button } from "antd";
import { Link } from "@tanstack/react-router";
import { type ReactNode, useEffect, useState } from "react";
import { Problem } from "../api/client";
import type { Role } from "../api/types";
import { textOr, useLanguage, useText } from "../text";

/** Under this a skeleton would only flicker. */
const SKELETON_AFTER_MS = 300;

/** Grey rows in the geometry of the table to come. */
export function Loading({ rows = 8 }: { rows?: number }) {
  const t = useText();
  const [shown, show] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => show(true), SKELETON_AFTER_MS);
    return () => clearTimeout(timer);
  }, []);
  return (
    <div className="skeleton" role="status" aria-label={t("face.loading")}>
      {shown && Array.from({ length: rows }, (_, index) => <div key={index} className="skeleton-row" />)}
    </div>
  );
}

export function Face({ title, children, act, icon }: { title: string; children?: ReactNode; act?: ReactNode; icon?: ReactNode }) {
  return (
    <div className="face">
      {icon}
      <p className="face-title">{title}</p>
      {children && <div className="soft">{children}</div>}
      {act && <div className="face-act">{act}</div>}
    </div>
  );
}

/** What a problem is called: our word for its code, else the exchange's own title. */
export function problemWord(problem: Problem): string {
  return textOr(`problem.${problem.code}`, problem.title || problem.code);
}

export function Failed({ cause, retry }: { cause: unknown; retry: () => void }) {
  const t = useText();
  const again = <Button onClick={retry}>{t("face.retry")}</Button>;
  if (!(cause instanceof Problem)) return <Face title={t("face.error")} act={again}>{t("face.error.do")}</Face>;
  if (cause.status === 0) return <Face title={t("face.unreachable")} act={again}>{t("face.unreachable.do")}</Face>;
  if (cause.status === 403) return <Face title={t("face.noRight")}>{cause.detail ?? cause.title}</Face>;
  return (
    <Face title={problemWord(cause)} act={again}>
      {cause.detail ?? t("face.error.do")}
      <br />
      <code className="faint">{t("face.quote", { code: `${cause.status} ${cause.code}` })}</code>
    </Face>
  );
}

export function NoRight({ roles }: { roles: readonly Role[] }) {
  const t = useText();
  const oneOf = new Intl.ListFormat(useLanguage(), { type: "disjunction" });
  return (
    <main className="page">
      <h1>{t("face.noRight")}</h1>
      <Face title={t("face.noRight.do", { roles: oneOf.format(roles.map((role) => t(`role.${role}`))) })} act={<Home />} />
    </main>
  );
}

export function NotFound() {
  const t = useText();
  return (
    <main className="page">
      <h1>{t("face.notFound")}</h1>
      <Face title={t("face.notFound.do")} act={<Home />} />
    </main>
  );
}

/** For whose roles no page has been built yet. */
export function NoPages() {
  const t = useText();
  return (
    <main className="page">
      <h1>{t("face.noPages")}</h1>
      <Face title={t("face.noPages.do")} />
    </main>
  );
}

function Home() {
  const t = useText();
  return <Link to="/">{t("face.home")}</Link>;
}
