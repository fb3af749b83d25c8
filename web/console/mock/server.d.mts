// The part of the made-up site that tests use.
export class Mock {
  constructor(options?: { dist?: string; lively?: boolean; agents?: number; records?: number });
  listen(port: number): Promise<string>;
  close(): Promise<void>;
}
