// Starts the console: language and theme before the first pixel, then who is logged in, then the pages.
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { ConfigProvider } from "antd";
import type { Locale } from "antd/es/locale";
import enUs from "antd/es/locale/en_US";
import zhCn from "antd/es/locale/zh_CN";
import dayjs from "dayjs";
import "dayjs/locale/zh-cn";
import { StrictMode, useEffect } from "react";
import { createRoot } from "react-dom/client";
import { Problem } from "./api/client";
import "./look/base.css";
import { antdTheme, startTheme, useTheme } from "./look/theme";
import { Failed } from "./parts/faces";
import { router } from "./router";
import { askSession, useSession } from "./shell/session";
import { startLanguage, useLanguage } from "./text";

/** A read that failed on the way is tried once more; a refusal is final. */
const RETRIES_MAX = 1;

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      retry: (count, cause) => count < RETRIES_MAX && cause instanceof Problem && cause.status === 0,
      refetchOnWindowFocus: false,
      staleTime: 5_000,
    },
  },
});

/** The names of the calendar's month and year buttons hide what they show; without them a reader hears "Nov", "2026". */
function readable(locale: Locale): Locale {
  const picker = locale.DatePicker;
  return picker ? { ...locale, DatePicker: { ...picker, lang: { ...picker.lang, yearSelect: "", monthSelect: "" } } } : locale;
}

const LOCALES = { "zh-CN": readable(zhCn), en: readable(enUs) };

/** Menus open inside the landmark of their opener, where screen readers look for them. */
function popupContainer(opener?: HTMLElement): HTMLElement {
  return opener?.closest<HTMLElement>("main, header.bar") ?? document.body;
}

function Console() {
  const session = useSession();
  const theme = useTheme();
  const language = useLanguage();
  const phase = session.phase;
  useEffect(() => void dayjs.locale(language === "en" ? "en" : "zh-cn"), [language]);
  useEffect(() => {
    if (phase === "out") queries.clear();
    // Routes decide by the session, so they are asked again when it changes.
    if (phase === "in" || phase === "out") void router.invalidate();
  }, [phase]);
  return (
    <ConfigProvider
      theme={antdTheme(theme)} locale={LOCALES[language]} button={{ autoInsertSpace: false }} wave={{ disabled: true }}
      getPopupContainer={popupContainer}
    >
      <QueryClientProvider client={queries}>
        {session.phase === "failed" && <Failed cause={session.cause} retry={() => void askSession()} />}
        {(session.phase === "in" || session.phase === "out") && <RouterProvider router={router} />}
      </QueryClientProvider>
    </ConfigProvider>
  );
}

startLanguage();
startTheme();
void askSession();

const root = document.getElementById("root");
if (!root) throw new Error("index.html has no #root");
createRoot(root).render(
  <StrictMode>
    <Console />
  </StrictMode>,
);
