// The call of a wrap-up: live while the caller is still there, then as it was last seen, and after a reload its record.
import { useQuery } from "@tanstack/react-query";
import { api } from "../api/client";
import { useLive } from "../live/store";

export interface LastCall {
  caller: string;
  joined?: number | null;
}

export function useLastCall(call: string | undefined): LastCall | undefined {
  const seen = useLive((state) => (call === undefined ? undefined : (state.calls.get(call) ?? state.endedCalls.get(call)?.call)));
  const record = useQuery({
    queryKey: ["record", call],
    queryFn: ({ signal }) => api.record(call ?? "", signal),
    enabled: call !== undefined && !seen,
  });
  return seen ?? record.data;
}
