// Generated from openapi/openapi.json by `npm run generate` in web/tools. Do not edit.
export interface paths {
    "/agents": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** All agents. */
        get: {
            parameters: {
                query?: {
                    /** @description `next_cursor` of the page before. */
                    cursor?: string;
                    /** @description At most this many items; 50 when absent, 500 at most. */
                    limit?: number;
                    /** @description Text that the key or a name contains; for records, how a number begins. */
                    q?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description OK */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["List_Agent"];
                    };
                };
                /** @description Unauthorized */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Forbidden */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/agents/{agent}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One agent; agents see themselves. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    agent: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description OK */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Agent"];
                    };
                };
                /** @description Unauthorized */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Forbidden */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Not Found */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        /** Add or change an agent. */
        put: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    agent: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["AgentBody"];
                };
            };
            responses: {
                /** @description OK */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Agent"];
                    };
                };
                /** @description Unauthorized */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Forbidden */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Unprocessable Entity */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        post?: never;
        /** Remove an agent. */
        delete: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    agent: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description No Content */
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description Unauthorized */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Forbidden */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Not Found */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/agents/{agent}/answer": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Answer the call that rings, on the agent's own phone. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    agent: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Accepted */
                202: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description Unauthorized */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Forbidden */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Conflict */
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Service Unavailable */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/agents/{agent}/hang_up": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** End the agent's part: declines while it rings, hangs up while they talk. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    agent: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Accepted */
                202: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description Unauthorized */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Forbidden */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Conflict */
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Service Unavailable */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/agents/{agent}/state": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Ask for a state.
         * @description 202 means understood and begun; the new state arrives as a fact. Agents for themselves, leaders for everybody.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    agent: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["AgentRequest"];
                };
            };
            responses: {
                /** @description Accepted */
                202: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description Unauthorized */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Forbidden */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Conflict */
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Unprocessable Entity */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Service Unavailable */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/audit": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Entries, newest first. */
        get: {
            parameters: {
                query?: {
                    /** @description `next_cursor` of the page before. */
                    cursor?: string;
                    /** @description Not before, Unix milliseconds. */
                    from?: number;
                    /** @description At most this many items; 50 when absent, 500 at most. */
                    limit?: number;
                    /** @description Text that who, action or object contains. */
                    q?: string;
                    /** @description Before, Unix milliseconds. */
                    to?: number;
                    /** @description Only this person's deeds. */
                    who?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description OK */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["List_AuditEntry"];
                    };
                };
                /** @description Unauthorized */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Forbidden */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/calls": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Calls going on now; agents see their own. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description OK */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["LiveCalls"];
                    };
                };
                /** @description Unauthorized */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Forbidden */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/calls/{call}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One call, live or over. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    call: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description OK */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["CallView"];
                    };
                };
                /** @description Unauthorized */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Forbidden */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Not Found */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/calls/{call}/end": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** End a whole call. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    call: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Accepted */
                202: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description Unauthorized */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Forbidden */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Not Found */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Service Unavailable */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/extensions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** All extensions. */
        get: {
            parameters: {
                query?: {
                    /** @description `next_cursor` of the page before. */
                    cursor?: string;
                    /** @description At most this many items; 50 when absent, 500 at most. */
                    limit?: number;
                    /** @description Text that the key or a name contains; for records, how a number begins. */
                    q?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description OK */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["List_Extension"];
                    };
                };
                /** @description Unauthorized */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Forbidden */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/extensions/{extension}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Add or change an extension. */
        put: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    extension: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["ExtensionBody"];
                };
            };
            responses: {
                /** @description OK */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Extension"];
                    };
                };
                /** @description Unauthorized */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Forbidden */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Unprocessable Entity */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        post?: never;
        /** Remove an extension. */
        delete: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    extension: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description No Content */
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description Unauthorized */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Forbidden */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Not Found */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/flows": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** All flows. */
        get: {
            parameters: {
                query?: {
                    /** @description `next_cursor` of the page before. */
                    cursor?: string;
                    /** @description At most this many items; 50 when absent, 500 at most. */
                    limit?: number;
                    /** @description Text that the key or a name contains; for records, how a number begins. */
                    q?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description OK */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["List_Flow"];
                    };
                };
                /** @description Unauthorized */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Forbidden */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/flows/{flow}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A flow's document. */
        get: {
            parameters: {
                query?: {
                    /** @description The newest when absent. */
                    revision?: number;
                };
                header?: never;
                path: {
                    flow: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The document as it was saved */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": Record<string, never>;
                    };
                };
                /** @description Unauthorized */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Forbidden */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Not Found */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        /** Save a flow's document as its next revision. Calls in progress finish on theirs. */
        put: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    flow: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": Record<string, never>;
                };
            };
            responses: {
                /** @description OK */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Saved"];
                    };
                };
                /** @description Unauthorized */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Forbidden */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Unprocessable Entity */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        post?: never;
        /** Remove a flow that no number leads to. Its revisions stay for the records that name them. */
        delete: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    flow: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description No Content */
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description Unauthorized */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Forbidden */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Not Found */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Conflict */
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/flows/{flow}/revisions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A flow's revisions, newest first. */
        get: {
            parameters: {
                query?: {
                    /** @description `next_cursor` of the page before. */
                    cursor?: string;
                    /** @description At most this many items; 50 when absent, 500 at most. */
                    limit?: number;
                    /** @description Text that the key or a name contains; for records, how a number begins. */
                    q?: string;
                };
                header?: never;
                path: {
                    flow: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description OK */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["List_FlowRevision"];
                    };
                };
                /** @description Unauthorized */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Forbidden */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Not Found */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/live": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Live facts over WebSocket.
         * @description Messages are `LiveMessage`. First comes `reset` with everything as it is, unless the cursor still reaches; then `facts`
         *     as they happen, at most every 50 ms, and `heartbeat` each second. Agents are told of themselves, their own calls and
         *     their queues' counters. A reader that falls 1 MiB behind is closed with 1013; a session that ended with 1008.
         */
        get: {
            parameters: {
                query?: {
                    /** @description `cursor` of the last message received; absent for a first connection. */
                    cursor?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Switched to WebSocket; messages are `LiveMessage` */
                101: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description Not a WebSocket request */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Unauthorized */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Forbidden */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/numbers": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** All numbers. */
        get: {
            parameters: {
                query?: {
                    /** @description `next_cursor` of the page before. */
                    cursor?: string;
                    /** @description At most this many items; 50 when absent, 500 at most. */
                    limit?: number;
                    /** @description Text that the key or a name contains; for records, how a number begins. */
                    q?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description OK */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["List_Number"];
                    };
                };
                /** @description Unauthorized */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Forbidden */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/numbers/{number}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One number. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    number: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description OK */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Number"];
                    };
                };
                /** @description Unauthorized */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Forbidden */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Not Found */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        /** Bind a number. */
        put: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    number: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["NumberBody"];
                };
            };
            responses: {
                /** @description OK */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Number"];
                    };
                };
                /** @description Unauthorized */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Forbidden */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Unprocessable Entity */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        post?: never;
        /** Unbind a number. */
        delete: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    number: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description No Content */
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description Unauthorized */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Forbidden */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Not Found */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/openapi.json": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** This document. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description OpenAPI 3.1 */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": string;
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/queues": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** All queues. */
        get: {
            parameters: {
                query?: {
                    /** @description `next_cursor` of the page before. */
                    cursor?: string;
                    /** @description At most this many items; 50 when absent, 500 at most. */
                    limit?: number;
                    /** @description Text that the key or a name contains; for records, how a number begins. */
                    q?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description OK */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["List_Queue"];
                    };
                };
                /** @description Unauthorized */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Forbidden */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/queues/{queue}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One queue. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    queue: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description OK */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Queue"];
                    };
                };
                /** @description Unauthorized */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Forbidden */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Not Found */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        /** Add or change a queue. */
        put: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    queue: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["QueueBody"];
                };
            };
            responses: {
                /** @description OK */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Queue"];
                    };
                };
                /** @description Unauthorized */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Forbidden */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Unprocessable Entity */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        post?: never;
        /** Remove a queue that no agent and no number refers to. */
        delete: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    queue: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description No Content */
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description Unauthorized */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Forbidden */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Not Found */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Conflict */
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/recordings/{recording}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One recording; agents those of their own calls. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    recording: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description OK */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Recording"];
                    };
                };
                /** @description Unauthorized */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Forbidden */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Not Found */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/recordings/{recording}/audio": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The sound as one WAV. Takes `Range`; playing and downloading are audited. */
        get: {
            parameters: {
                query?: {
                    /** @description 1 to save instead of play; audited as such. */
                    download?: number;
                    /** @description Coding of the WAV. */
                    format?: components["schemas"]["SoundFormat"];
                };
                header?: never;
                path: {
                    recording: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description All of it */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "audio/wav": number[];
                    };
                };
                /** @description The range asked for */
                206: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "audio/wav": number[];
                    };
                };
                /** @description Unauthorized */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Forbidden */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Not Found */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Range Not Satisfiable */
                416: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/recordings/{recording}/peaks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The outline of a recording, to draw it without fetching its sound. */
        get: {
            parameters: {
                query?: {
                    /** @description 1 to 8192; 1000 when absent. */
                    points?: number;
                };
                header?: never;
                path: {
                    recording: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description OK */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Peaks"];
                    };
                };
                /** @description Unauthorized */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Forbidden */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Not Found */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/records": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Records, newest first; agents see their own. */
        get: {
            parameters: {
                query?: {
                    /** @description The agent who talked; agents get their own, whatever they ask. */
                    agent?: string;
                    /** @description Exactly this number called. */
                    called?: string;
                    /** @description Exactly this caller. */
                    caller?: string;
                    /** @description `next_cursor` of the page before. */
                    cursor?: string;
                    /** @description Which way. */
                    direction?: components["schemas"]["Direction"];
                    /** @description Arrived not before, Unix milliseconds. */
                    from?: number;
                    /** @description At most this many items; 50 when absent, 500 at most. */
                    limit?: number;
                    /** @description Exactly this number, as caller or called. */
                    number?: string;
                    /** @description How the caller's or the called number begins. */
                    q?: string;
                    /** @description The queue it last waited in. */
                    queue?: string;
                    /** @description Final state. */
                    state?: components["schemas"]["EndState"];
                    /** @description Arrived before, Unix milliseconds. */
                    to?: number;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description OK */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["List_Record"];
                    };
                };
                /** @description Unauthorized */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Forbidden */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/records/{call}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One record. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    call: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description OK */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["RecordInFull"];
                    };
                };
                /** @description Unauthorized */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Forbidden */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Not Found */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/records/refused": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Records of refused calls, newest first. */
        get: {
            parameters: {
                query?: {
                    /** @description The agent who talked; agents get their own, whatever they ask. */
                    agent?: string;
                    /** @description Exactly this number called. */
                    called?: string;
                    /** @description Exactly this caller. */
                    caller?: string;
                    /** @description `next_cursor` of the page before. */
                    cursor?: string;
                    /** @description Which way. */
                    direction?: components["schemas"]["Direction"];
                    /** @description Arrived not before, Unix milliseconds. */
                    from?: number;
                    /** @description At most this many items; 50 when absent, 500 at most. */
                    limit?: number;
                    /** @description Exactly this number, as caller or called. */
                    number?: string;
                    /** @description How the caller's or the called number begins. */
                    q?: string;
                    /** @description The queue it last waited in. */
                    queue?: string;
                    /** @description Final state. */
                    state?: components["schemas"]["EndState"];
                    /** @description Arrived before, Unix milliseconds. */
                    to?: number;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description OK */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["List_Record"];
                    };
                };
                /** @description Unauthorized */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Forbidden */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sessions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Log in.
         * @description A wrong password and an unknown user get the same answer after the same time. Failures slow the next attempts down, and
         *     ten of them within ten minutes lock the name at this source.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["LogIn"];
                };
            };
            responses: {
                /** @description Logged in; sets the cookie `strowger_session` */
                201: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Session"];
                    };
                };
                /** @description Unauthorized */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Too Many Requests */
                429: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sessions/current": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Who is logged in. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description OK */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["CurrentUser"];
                    };
                };
                /** @description Unauthorized */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Forbidden */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        /** Log out. */
        delete: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Logged out; the token is worth nothing any more */
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description Unauthorized */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Forbidden */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/trunks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** All trunks. */
        get: {
            parameters: {
                query?: {
                    /** @description `next_cursor` of the page before. */
                    cursor?: string;
                    /** @description At most this many items; 50 when absent, 500 at most. */
                    limit?: number;
                    /** @description Text that the key or a name contains; for records, how a number begins. */
                    q?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description OK */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["List_Trunk"];
                    };
                };
                /** @description Unauthorized */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Forbidden */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/trunks/{trunk}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One trunk. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    trunk: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description OK */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Trunk"];
                    };
                };
                /** @description Unauthorized */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Forbidden */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Not Found */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        /** Add or change a trunk. */
        put: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    trunk: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["TrunkBody"];
                };
            };
            responses: {
                /** @description OK */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Trunk"];
                    };
                };
                /** @description Unauthorized */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Forbidden */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Unprocessable Entity */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        post?: never;
        /** Remove a trunk. */
        delete: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    trunk: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description No Content */
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description Unauthorized */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Forbidden */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Not Found */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/users": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** All users. */
        get: {
            parameters: {
                query?: {
                    /** @description `next_cursor` of the page before. */
                    cursor?: string;
                    /** @description At most this many items; 50 when absent, 500 at most. */
                    limit?: number;
                    /** @description Text that the key or a name contains; for records, how a number begins. */
                    q?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description OK */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["List_User"];
                    };
                };
                /** @description Unauthorized */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Forbidden */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/users/{username}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One user. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    username: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description OK */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["User"];
                    };
                };
                /** @description Unauthorized */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Forbidden */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Not Found */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        /** Add or change a user. A new password, or other rights, end the user's sessions. */
        put: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    username: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["UserBody"];
                };
            };
            responses: {
                /** @description OK */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["User"];
                    };
                };
                /** @description Unauthorized */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Forbidden */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Unprocessable Entity */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        post?: never;
        /** Remove a user and end their sessions. Nobody removes themselves, so that an administrator stays. */
        delete: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    username: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description No Content */
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description Unauthorized */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Forbidden */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Not Found */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Conflict */
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/users/{username}/password": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Change a password: one's own with the present one, or anybody's as administrator. Ends the user's sessions. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    username: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["NewPassword"];
                };
            };
            responses: {
                /** @description No Content */
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description Unauthorized */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Forbidden */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Unprocessable Entity */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** @description An agent. */
        Agent: components["schemas"]["AgentBody"] & {
            /** @description The agent number. */
            agent: string;
        };
        /** @description An agent without the number, which stands in the path. */
        AgentBody: {
            /** @description The extension a log-in proposes. */
            extension_default?: string | null;
            /** @description What screens show. */
            name: string;
            /** @description Queues the agent may serve. */
            queues: string[];
        };
        /** @description An agent now. Absent fields do not apply. */
        AgentLive: {
            agent: string;
            call?: string;
            extension?: string;
            /** Format: int64 */
            left_ms?: number;
            name: string;
            pending?: components["schemas"]["PendingState"];
            phone_registered: boolean;
            queues: string[];
            reason?: string;
            /** Format: int64 */
            since: number;
            state: components["schemas"]["AgentStateName"];
        };
        AgentRequest: {
            /** @enum {string} */
            ask: "log_in";
            extension: string;
            queues: string[];
            ready: boolean;
        } | {
            /** @enum {string} */
            ask: "log_out";
        } | {
            /** @enum {string} */
            ask: "ready";
        } | {
            /** @enum {string} */
            ask: "not_ready";
            reason: string;
        } | {
            /** @enum {string} */
            ask: "finish_wrap_up";
        } | {
            /** @enum {string} */
            ask: "withdraw_pending";
        };
        /** @enum {string} */
        AgentStateName: "logged_out" | "ready" | "not_ready" | "offered" | "talking" | "wrap_up";
        AssignmentReason: {
            /** @description The chosen one first, then in the rule's order. */
            candidates: components["schemas"]["Candidate"][];
            /** @description Agents passed over who are not listed, by cause. */
            others: {
                [key: string]: number;
            };
            /** Format: int32 */
            place: number;
            queue: string;
            strategy: string;
            /** Format: int64 */
            waited_ms: number;
        };
        /** @description An entry. */
        AuditEntry: {
            /** @description The verb ("put", "log_in", "play"). */
            action: string;
            /** @description What it became. */
            after?: Record<string, never> | null;
            /**
             * Format: int64
             * @description When, Unix milliseconds.
             */
            at: number;
            /** @description What it was, where something changed. */
            before?: Record<string, never> | null;
            /** @description To what ("queues/sales"). */
            object: string;
            /** @description `ok`, or why not. */
            result: string;
            /**
             * Format: int64
             * @description Counts up by one; a gap means tampering.
             */
            seq: number;
            /** @description From where. */
            source: string;
            /** @description Who; for log-ins that failed, the name they gave. */
            who: string;
        };
        /** @description A call now. Absent fields do not apply. */
        CallLive: {
            agent?: string;
            /** Format: int64 */
            answered?: number;
            /** Format: int64 */
            arrived: number;
            call: string;
            called: string;
            caller: string;
            digits: string;
            direction: components["schemas"]["Direction"];
            extension?: string;
            flow?: string;
            /** Format: int64 */
            joined?: number;
            node?: string;
            offered?: components["schemas"]["OfferedLive"];
            phase: components["schemas"]["Phase"];
            /** Format: int32 */
            place?: number;
            queue?: string;
            /** Format: int64 */
            queued?: number;
            recording: boolean;
        };
        /** @description A call, live or over: exactly one of the two. */
        CallView: {
            live?: components["schemas"]["CallLive"] | null;
            record?: components["schemas"]["RecordInFull"] | null;
        };
        Candidate: {
            agent: string;
            /** Format: int64 */
            idle_ms?: number | null;
            passed_over?: components["schemas"]["PassedOver"] | null;
        };
        Changes: {
            agents: components["schemas"]["AgentLive"][];
            calls: components["schemas"]["CallLive"][];
            calls_over: string[];
            queues: components["schemas"]["QueueLive"][];
            refused: components["schemas"]["RefusedLive"][];
        };
        /** @description The person or program that is logged in. */
        CurrentUser: {
            /** @description The agent this person is, if one. */
            agent?: string | null;
            /** @description What screens show. */
            name: string;
            /** @description Rights. */
            roles: components["schemas"]["Role"][];
            /** @description The site's time zone (IANA name): screens show times in it, and its midnight begins the day. */
            timezone: string;
            /** @description Log-in name. */
            username: string;
        };
        Destination: {
            id: string;
            /** @enum {string} */
            to: "flow";
        } | {
            id: string;
            /** @enum {string} */
            to: "queue";
        } | {
            id: string;
            /** @enum {string} */
            to: "extension";
        };
        /** @enum {string} */
        Direction: "inbound" | "outbound" | "internal";
        /** @enum {string} */
        EndedBy: "caller" | "agent" | "system" | "crash" | "lost";
        /** @enum {string} */
        EndState: "ring_timeout" | "agent_unreachable" | "refused" | "transfer_talk" | "waiting_hang_up" | "outbound_talk" | "in_ivr" | "transfer_ringing" | "agent_answered" | "dialled" | "nothing_dialled" | "failed" | "queue_abandoned" | "dial_abandoned" | "extension_call" | "voice_message" | "transferred_back";
        /** @description A phone account. */
        Extension: {
            /** @description Where that phone is. */
            contact?: string | null;
            /** @description What screens show. */
            display_name: string;
            /** @description Its number, also its SIP user name. */
            extension: string;
            /** @description Whether a phone is registered. */
            registered: boolean;
            /** @description What it says it is. */
            user_agent?: string | null;
        };
        /** @description What can be set. */
        ExtensionBody: {
            /** @description What screens show. */
            display_name: string;
            /**
             * Format: password
             * @description New password of the phone; absent or null leaves the old one. Never shown again.
             */
            password?: string | null;
        };
        /** @description A fact; further fields by its type. */
        FactRecord: {
            agent?: string;
            /** Format: int64 */
            at: number;
            call?: string;
            extension?: string | null;
            queue?: string;
            /**
             * Format: int64
             * @description Counts up by one for each fact of a node.
             */
            seq: number;
            type: components["schemas"]["FactType"];
        };
        /** @enum {string} */
        FactType: "call_opened" | "call_refused" | "call_answered" | "flow_started" | "node_entered" | "node_left" | "digits_collected" | "queued" | "placed" | "queue_left" | "agent_offered" | "agent_ringing" | "offer_ended" | "joined" | "parted" | "leg_lost" | "extension_ringing" | "extension_joined" | "recording_started" | "recording_stopped" | "call_ended" | "agent_changed" | "extension_registered" | "extension_unregistered" | "authentication_refused" | "call_fault" | "dispatcher_rebuilt";
        /** @description What is wrong with one field. */
        FieldProblem: {
            /** @description The fault as one word for programs. */
            code: string;
            /** @description The field. */
            field: string;
            /** @description The fault in the reader's language. */
            message: string;
            /** @description Node of a flow. */
            node?: string | null;
        };
        /** @description A flow in a list. */
        Flow: {
            /** @description Its name. */
            flow: string;
            /**
             * Format: int32
             * @description Newest revision, from 1.
             */
            revision: number;
            /**
             * Format: int64
             * @description When that was saved, Unix milliseconds.
             */
            updated: number;
        };
        /** @description A revision. */
        FlowRevision: {
            /**
             * Format: int32
             * @description Its number, from 1.
             */
            revision: number;
            /**
             * Format: int64
             * @description When it was saved, Unix milliseconds.
             */
            saved: number;
            /** @description Who saved it. */
            who: string;
        };
        /** @description A page of a list. */
        List_Agent: {
            /** @description The items. */
            items: (components["schemas"]["AgentBody"] & {
                /** @description The agent number. */
                agent: string;
            })[];
            /** @description Where the next page begins; null on the last. */
            next_cursor?: string | null;
        };
        /** @description A page of a list. */
        List_AuditEntry: {
            /** @description The items. */
            items: {
                /** @description The verb ("put", "log_in", "play"). */
                action: string;
                /** @description What it became. */
                after?: Record<string, never> | null;
                /**
                 * Format: int64
                 * @description When, Unix milliseconds.
                 */
                at: number;
                /** @description What it was, where something changed. */
                before?: Record<string, never> | null;
                /** @description To what ("queues/sales"). */
                object: string;
                /** @description `ok`, or why not. */
                result: string;
                /**
                 * Format: int64
                 * @description Counts up by one; a gap means tampering.
                 */
                seq: number;
                /** @description From where. */
                source: string;
                /** @description Who; for log-ins that failed, the name they gave. */
                who: string;
            }[];
            /** @description Where the next page begins; null on the last. */
            next_cursor?: string | null;
        };
        /** @description A page of a list. */
        List_Extension: {
            /** @description The items. */
            items: {
                /** @description Where that phone is. */
                contact?: string | null;
                /** @description What screens show. */
                display_name: string;
                /** @description Its number, also its SIP user name. */
                extension: string;
                /** @description Whether a phone is registered. */
                registered: boolean;
                /** @description What it says it is. */
                user_agent?: string | null;
            }[];
            /** @description Where the next page begins; null on the last. */
            next_cursor?: string | null;
        };
        /** @description A page of a list. */
        List_Flow: {
            /** @description The items. */
            items: {
                /** @description Its name. */
                flow: string;
                /**
                 * Format: int32
                 * @description Newest revision, from 1.
                 */
                revision: number;
                /**
                 * Format: int64
                 * @description When that was saved, Unix milliseconds.
                 */
                updated: number;
            }[];
            /** @description Where the next page begins; null on the last. */
            next_cursor?: string | null;
        };
        /** @description A page of a list. */
        List_FlowRevision: {
            /** @description The items. */
            items: {
                /**
                 * Format: int32
                 * @description Its number, from 1.
                 */
                revision: number;
                /**
                 * Format: int64
                 * @description When it was saved, Unix milliseconds.
                 */
                saved: number;
                /** @description Who saved it. */
                who: string;
            }[];
            /** @description Where the next page begins; null on the last. */
            next_cursor?: string | null;
        };
        /** @description A page of a list. */
        List_Number: {
            /** @description The items. */
            items: (components["schemas"]["NumberBody"] & {
                /** @description As dialled. */
                number: string;
            })[];
            /** @description Where the next page begins; null on the last. */
            next_cursor?: string | null;
        };
        /** @description A page of a list. */
        List_Queue: {
            /** @description The items. */
            items: (components["schemas"]["QueueBody"] & {
                /** @description Its name, as flows say it. */
                queue: string;
            })[];
            /** @description Where the next page begins; null on the last. */
            next_cursor?: string | null;
        };
        /** @description A page of a list. */
        List_Record: {
            /** @description The items. */
            items: {
                agent?: string | null;
                agent_extension?: string | null;
                /** Format: int64 */
                answered?: number | null;
                /** Format: int64 */
                arrived: number;
                by: components["schemas"]["EndedBy"];
                call: string;
                called: string;
                caller: string;
                digits: string;
                direction: components["schemas"]["Direction"];
                /** Format: int64 */
                ended: number;
                extension?: string | null;
                flow?: string | null;
                /** Format: int32 */
                flow_version?: number | null;
                /** Format: int64 */
                joined?: number | null;
                offers: components["schemas"]["OfferRecord"][];
                /** Format: int64 */
                parted?: number | null;
                path: components["schemas"]["PathStep"][];
                queue?: string | null;
                queue_exit?: components["schemas"]["QueueExit"] | null;
                /** Format: int64 */
                queued?: number | null;
                reason?: string | null;
                recordings: components["schemas"]["RecordingEntry"][];
                /** Format: int64 */
                ringing?: number | null;
                source: string;
                state: components["schemas"]["EndState"];
                /** Format: int32 */
                state_number: number;
                /** Format: int32 */
                status?: number | null;
                /** Format: int64 */
                talked_ms: number;
                trunk?: string | null;
                /** Format: int64 */
                waited_ms: number;
            }[];
            /** @description Where the next page begins; null on the last. */
            next_cursor?: string | null;
        };
        /** @description A page of a list. */
        List_Trunk: {
            /** @description The items. */
            items: (components["schemas"]["TrunkBody"] & {
                /** @description Its name. */
                trunk: string;
            })[];
            /** @description Where the next page begins; null on the last. */
            next_cursor?: string | null;
        };
        /** @description A page of a list. */
        List_User: {
            /** @description The items. */
            items: {
                /** @description The agent this person is, if one. */
                agent?: string | null;
                /** @description What screens show. */
                name: string;
                /** @description Rights. */
                roles: components["schemas"]["Role"][];
                /** @description Log-in name. */
                username: string;
            }[];
            /** @description Where the next page begins; null on the last. */
            next_cursor?: string | null;
        };
        /** @description Live calls. There is no next page: all are in memory. */
        LiveCalls: {
            /** @description Oldest first. */
            items: components["schemas"]["CallLive"][];
            /** @description Always null. */
            next_cursor?: string | null;
        };
        /** @description A message of `/live`. */
        LiveMessage: {
            cursor: string;
            /** Format: int64 */
            now: number;
            snapshot: components["schemas"]["Snapshot"];
            /** @enum {string} */
            type: "reset";
        } | {
            changed: components["schemas"]["Changes"];
            cursor: string;
            facts: components["schemas"]["FactRecord"][];
            /** Format: int64 */
            now: number;
            /** @enum {string} */
            type: "facts";
        } | {
            cursor: string;
            /** Format: int64 */
            now: number;
            /** @enum {string} */
            type: "heartbeat";
        };
        /** @description A log-in. */
        LogIn: {
            /**
             * Format: password
             * @description Password.
             */
            password: string;
            /** @description Log-in name. */
            username: string;
        };
        /** @description A change of password. */
        NewPassword: {
            /**
             * Format: password
             * @description The present one; asked of everybody who changes their own.
             */
            current?: string | null;
            /**
             * Format: password
             * @description The new one.
             */
            password: string;
        };
        /** @description A number. */
        Number: components["schemas"]["NumberBody"] & {
            /** @description As dialled. */
            number: string;
        };
        /** @description A number without its digits, which stand in the path. */
        NumberBody: {
            /** @description Where it leads. */
            destination: components["schemas"]["Destination"];
            /** @description Whether outside callers may reach it. */
            public: boolean;
        };
        OfferedLive: {
            agent: string;
            reason: components["schemas"]["AssignmentReason"];
            /** Format: int64 */
            ring_until?: number;
            /** Format: int64 */
            since: number;
        };
        /** @enum {string} */
        OfferEnd: "answered" | "no_answer" | "declined" | "unreachable" | "withdrawn";
        OfferRecord: {
            agent: string;
            end?: components["schemas"]["OfferEnd"] | null;
            /** Format: int64 */
            ended?: number | null;
            extension: string;
            /** Format: int64 */
            offered: number;
            /** Format: int64 */
            rang?: number | null;
            reason: components["schemas"]["AssignmentReason"];
        };
        PassedOver: {
            reason: string;
            /** @enum {string} */
            why: "not_ready";
        } | {
            /** @enum {string} */
            why: "offered";
        } | {
            /** @enum {string} */
            why: "talking";
        } | {
            /** @enum {string} */
            why: "wrap_up";
        } | {
            /** @enum {string} */
            why: "idle_shorter";
        } | {
            /** @enum {string} */
            why: "already_tried";
        } | {
            /** @enum {string} */
            why: "unreachable";
        };
        PathStep: {
            /** Format: int64 */
            at: number;
            node: string;
            outcome?: string | null;
        };
        /** @description The outline of a recording. */
        Peaks: {
            /**
             * Format: int64
             * @description Playing time.
             */
            duration_ms: number;
            /** @description Loudest sample of each part of the caller's channel, 0 to 1. */
            left: number[];
            /** @description The agent's channel; empty when there is but one. */
            right: number[];
        };
        PendingState: {
            /** @enum {string} */
            next: "ready";
        } | {
            /** @enum {string} */
            next: "not_ready";
            reason: string;
        } | {
            /** @enum {string} */
            next: "logged_out";
        };
        /** @enum {string} */
        Phase: "ivr" | "queued" | "ringing" | "talking" | "message" | "ending";
        /** @description A piece of a recording, without its path. */
        Piece: {
            /**
             * Format: int64
             * @description Bytes of sound; null while written, or when the process died in it.
             */
            bytes?: number | null;
            /**
             * Format: int32
             * @description 1 or 2.
             */
            channels: number;
            /** @description `pcmu`, `pcma`, `pcm16`. */
            codec: string;
            /**
             * Format: int32
             * @description Counts from 0.
             */
            number: number;
            /**
             * Format: int64
             * @description Where it begins in the recording, milliseconds.
             */
            offset_ms: number;
        };
        /** @description The document as sent. */
        Problem: {
            /** @description The kind as one word for programs. */
            code: string;
            /** @description What to do about it, in the reader's language. */
            detail: string;
            /** @description What is wrong, field by field. */
            errors?: components["schemas"]["FieldProblem"][];
            /**
             * Format: int64
             * @description Seconds after which asking again makes sense.
             */
            retry_after_s?: number | null;
            /**
             * Format: int32
             * @description HTTP status.
             */
            status: number;
            /** @description The kind in a few words, in the reader's language. */
            title: string;
            /** @description Identifies the kind of problem. */
            type: string;
        };
        /** @description A queue. */
        Queue: components["schemas"]["QueueBody"] & {
            /** @description Its name, as flows say it. */
            queue: string;
        };
        /** @description A queue without its name, which stands in the path. */
        QueueBody: {
            /** @description The prompt that waiting callers hear, by name. */
            music: string;
            /** @description Shown on English screens. */
            name_en: string;
            /** @description Shown on Chinese screens. */
            name_zh: string;
            /** @description An agent who lets a call ring becomes not ready. */
            no_answer_leaves: boolean;
            /** @description The number that dials it from inside. */
            number: string;
            /**
             * Format: int64
             * @description How long one agent's phone rings, milliseconds.
             */
            ring_ms: number;
            /** @description Who takes the next call. */
            strategy: components["schemas"]["Strategy"];
            /**
             * Format: int32
             * @description More waiting calls than this are refused.
             */
            waiting_max: number;
            /**
             * Format: int64
             * @description Wrap-up after each conversation, milliseconds; 0 for none.
             */
            wrap_up_ms: number;
        };
        /** @enum {string} */
        QueueExit: "answered" | "abandoned" | "timed_out" | "key" | "refused" | "ended";
        /** @description A queue now, and its day so far. */
        QueueLive: {
            /** Format: int32 */
            abandoned_today: number;
            /** Format: int32 */
            answered_in_20s_today: number;
            /** Format: int32 */
            answered_today: number;
            /** Format: int32 */
            logged_in: number;
            /** Format: int64 */
            longest_since?: number;
            name_en: string;
            name_zh: string;
            /** Format: int32 */
            not_ready: number;
            number: string;
            /** Format: int32 */
            offered: number;
            /** Format: int32 */
            offered_today: number;
            queue: string;
            /** Format: int32 */
            ready: number;
            /** Format: int32 */
            talking: number;
            /** Format: int32 */
            waiting: number;
            /** Format: int32 */
            wrap_up: number;
        };
        /** @description A call that is over. */
        Record: {
            agent?: string | null;
            agent_extension?: string | null;
            /** Format: int64 */
            answered?: number | null;
            /** Format: int64 */
            arrived: number;
            by: components["schemas"]["EndedBy"];
            call: string;
            called: string;
            caller: string;
            digits: string;
            direction: components["schemas"]["Direction"];
            /** Format: int64 */
            ended: number;
            extension?: string | null;
            flow?: string | null;
            /** Format: int32 */
            flow_version?: number | null;
            /** Format: int64 */
            joined?: number | null;
            offers: components["schemas"]["OfferRecord"][];
            /** Format: int64 */
            parted?: number | null;
            path: components["schemas"]["PathStep"][];
            queue?: string | null;
            queue_exit?: components["schemas"]["QueueExit"] | null;
            /** Format: int64 */
            queued?: number | null;
            reason?: string | null;
            recordings: components["schemas"]["RecordingEntry"][];
            /** Format: int64 */
            ringing?: number | null;
            source: string;
            state: components["schemas"]["EndState"];
            /** Format: int32 */
            state_number: number;
            /** Format: int32 */
            status?: number | null;
            /** Format: int64 */
            talked_ms: number;
            trunk?: string | null;
            /** Format: int64 */
            waited_ms: number;
        };
        /** @description A call that is over, with the pieces of its recordings. */
        RecordInFull: {
            agent?: string | null;
            agent_extension?: string | null;
            /** Format: int64 */
            answered?: number | null;
            /** Format: int64 */
            arrived: number;
            by: components["schemas"]["EndedBy"];
            call: string;
            called: string;
            caller: string;
            digits: string;
            direction: components["schemas"]["Direction"];
            /** Format: int64 */
            ended: number;
            extension?: string | null;
            flow?: string | null;
            /** Format: int32 */
            flow_version?: number | null;
            /** Format: int64 */
            joined?: number | null;
            offers: components["schemas"]["OfferRecord"][];
            /** Format: int64 */
            parted?: number | null;
            path: components["schemas"]["PathStep"][];
            queue?: string | null;
            queue_exit?: components["schemas"]["QueueExit"] | null;
            /** Format: int64 */
            queued?: number | null;
            reason?: string | null;
            recordings: components["schemas"]["RecordingInFull"][];
            /** Format: int64 */
            ringing?: number | null;
            source: string;
            state: components["schemas"]["EndState"];
            /** Format: int32 */
            state_number: number;
            /** Format: int32 */
            status?: number | null;
            /** Format: int64 */
            talked_ms: number;
            trunk?: string | null;
            /** Format: int64 */
            waited_ms: number;
        };
        /** @description A recording. */
        Recording: {
            /** @description The call it belongs to. */
            call: string;
            /**
             * Format: int32
             * @description 1 or 2 (caller left, agent right).
             */
            channels: number;
            /** @description False while it runs, or when the process died in it. */
            complete: boolean;
            /**
             * Format: int64
             * @description Playing time; 0 while nothing of it is on this disk.
             */
            duration_ms: number;
            /** @description Files it lies in. */
            pieces: components["schemas"]["Piece"][];
            /** @description What for. */
            purpose: components["schemas"]["RecordingPurpose"];
            /** @description Its identity. */
            recording: string;
            /**
             * Format: int64
             * @description When it began, Unix milliseconds.
             */
            started: number;
        };
        RecordingEntry: {
            purpose: components["schemas"]["RecordingPurpose"];
            recording: string;
            /** Format: int64 */
            started: number;
            /** Format: int64 */
            stopped?: number | null;
        };
        /** @description A recording with its pieces. */
        RecordingInFull: components["schemas"]["RecordingEntry"] & {
            pieces: components["schemas"]["Piece"][];
        };
        /** @enum {string} */
        RecordingPurpose: "conversation" | "message";
        RefusedLive: {
            /** Format: int64 */
            at: number;
            call: string;
            called: string;
            caller: string;
            reason: string;
            source: string;
            /** Format: int32 */
            status: number;
        };
        /** @enum {string} */
        Role: "agent" | "supervisor" | "quality" | "admin" | "auditor" | "integrator";
        /** @description What saving made. */
        Saved: {
            /**
             * Format: int32
             * @description The revision that holds the document; the same as before when nothing changed.
             */
            revision: number;
        };
        /** @description A session. */
        Session: {
            /**
             * Format: int64
             * @description When the session ends, Unix milliseconds.
             */
            expires: number;
            /** @description For `Authorization: Bearer`. Browsers ignore it and use the cookie. */
            token: string;
            /** @description Who logged in. */
            user: components["schemas"]["CurrentUser"];
        };
        Snapshot: {
            agents: components["schemas"]["AgentLive"][];
            calls: components["schemas"]["CallLive"][];
            queues: components["schemas"]["QueueLive"][];
            refused: components["schemas"]["RefusedLive"][];
        };
        /**
         * @description How the sound is wanted.
         * @enum {string}
         */
        SoundFormat: "pcm16" | "original";
        /** @enum {string} */
        Strategy: "longest_idle";
        /** @description A trunk. */
        Trunk: components["schemas"]["TrunkBody"] & {
            /** @description Its name. */
            trunk: string;
        };
        /** @description A trunk without its name, which stands in the path. */
        TrunkBody: {
            /** @description Networks from which its calls are taken without a password ("127.0.0.0/8"). */
            networks: string[];
        };
        /** @description A user. */
        User: {
            /** @description The agent this person is, if one. */
            agent?: string | null;
            /** @description What screens show. */
            name: string;
            /** @description Rights. */
            roles: components["schemas"]["Role"][];
            /** @description Log-in name. */
            username: string;
        };
        /** @description What can be set. */
        UserBody: {
            /** @description The agent this person is, if one. */
            agent?: string | null;
            /** @description What screens show. */
            name: string;
            /**
             * Format: password
             * @description New password; absent or null leaves the old one. Never shown again.
             */
            password?: string | null;
            /** @description Rights. */
            roles: components["schemas"]["Role"][];
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export type operations = Record<string, never>;
