// The filter of the records list. Every change is an address; typing waits for a pause, Enter does not.
import { useNavigate } from "@tanstack/react-router";
import { Button, DatePicker, Input, Select } from "antd";
import dayjs from "dayjs";
import timezone from "dayjs/plugin/timezone";
import utc from "dayjs/plugin/utc";
import { type ReactNode, useEffect, useId, useState } from "react";
import { END_STATES } from "../api/types";
import { useLive } from "../live/store";
import { useQueueName } from "../parts/names";
import { useUser } from "../shell/session";
import { textOr, useText } from "../text";
import { siteZone } from "../text/site-time";
import { changedFilter, DIRECTIONS, filters, type Period, PERIODS, type RecordFilter } from "./filter";

const TYPING_PAUSE_MS = 400;

// With these the calendar takes its today from the zone it is given.
dayjs.extend(utc);
dayjs.extend(timezone);

export function FilterBar({ filter }: { filter: RecordFilter }) {
  const t = useText();
  const navigate = useNavigate();
  const queueName = useQueueName();
  const queues = useLive((state) => state.queues);
  const change = (fields: Partial<RecordFilter>) =>
    void navigate({ to: "/reports/records", search: changedFilter(filter, fields) });
  const seesOthers = useUser().roles.some((role) => role !== "agent");
  const any = { value: "", label: t("rec.any") };
  const queueIds = new Set([...queues.keys(), ...(filter.queue ? [filter.queue] : [])]);
  return (
    <div className="filters" role="search" aria-label={t("rec.filters")}>
      <Field label={t("rec.period")}>
        {(id) => (
          <Select<Period>
            id={id} className="w-period" value={filter.period ?? "today"}
            options={PERIODS.map((period) => ({ value: period, label: t(`rec.${period}`) }))}
            onChange={(period) => change({ period: period === "today" ? undefined : period })}
          />
        )}
      </Field>
      {filter.period === "custom" && (
        <>
          <Field label={t("rec.from")}>
            {(id) => <Day id={id} value={filter.from} change={(from) => change({ from })} />}
          </Field>
          <Field label={t("rec.to")}>
            {(id) => <Day id={id} value={filter.to} change={(to) => change({ to })} />}
          </Field>
        </>
      )}
      <Typed label={t("rec.number")} hint={t("rec.numberHint")} value={filter.number ?? ""} change={(number) => change({ number: number.replace(/[\s-]/g, "") })} />
      {seesOthers && <Typed label={t("rec.agent")} hint="1001" value={filter.agent ?? ""} change={(agent) => change({ agent })} narrow />}
      <Field label={t("rec.queue")}>
        {(id) => (
          <Select
            id={id} className="w-queue" value={filter.queue ?? ""}
            options={[any, ...[...queueIds].map((queue) => ({ value: queue, label: queueName(queue) }))]}
            onChange={(queue) => change({ queue })}
          />
        )}
      </Field>
      <Field label={t("rec.direction")}>
        {(id) => (
          <Select
            id={id} className="w-way" value={filter.direction ?? ""}
            options={[any, ...DIRECTIONS.map((direction) => ({ value: direction, label: t(`direction.${direction}`) }))]}
            onChange={(direction) => change({ direction: direction === "" ? undefined : (direction as RecordFilter["direction"]) })}
          />
        )}
      </Field>
      <Field label={t("rec.state")}>
        {(id) => (
          <Select
            id={id} className="w-state" value={filter.state ?? ""}
            options={[any, ...END_STATES.map((state) => ({ value: state, label: textOr(`end.${state}`, state) }))]}
            onChange={(state) => change({ state: state === "" ? undefined : (state as RecordFilter["state"]) })}
          />
        )}
      </Field>
      <Button type="text" className="clear" disabled={!filters(filter)} onClick={() => void navigate({ to: "/reports/records", search: {} })}>
        {t("rec.clear")}
      </Button>
    </div>
  );
}

function Field({ label, children }: { label: string; children: (id: string) => ReactNode }) {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      {children(id)}
    </div>
  );
}

/** A day as it is written everywhere, whatever the browser's own habit. */
function Day({ id, value, change }: { id: string; value: string | undefined; change: (day: string) => void }) {
  dayjs.tz.setDefault(siteZone());
  return (
    <DatePicker
      id={id} className="w-day" format="YYYY-MM-DD" placeholder="" allowClear={false} value={value ? dayjs(value) : null}
      onChange={(chosen) => change(chosen?.format("YYYY-MM-DD") ?? "")}
    />
  );
}

function Typed({ label, hint, value, change, narrow }: { label: string; hint: string; value: string; change: (value: string) => void; narrow?: boolean }) {
  const [typed, setTyped] = useState(value);
  useEffect(() => setTyped(value), [value]);
  useEffect(() => {
    if (typed === value) return undefined;
    const timer = setTimeout(() => change(typed), TYPING_PAUSE_MS);
    return () => clearTimeout(timer);
    // `change` is made anew by each render; only what was typed may start the pause again.
  }, [typed, value]);
  return (
    <Field label={label}>
      {(id) => (
        <Input
          id={id} className={narrow ? "w-agent" : "w-number"} value={typed} placeholder={hint} maxLength={40} allowClear
          onChange={(event) => setTyped(event.target.value)}
          onPressEnter={(event) => !event.nativeEvent.isComposing && change(typed)}
        />
      )}
    </Field>
  );
}
