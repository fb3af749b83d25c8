//! The tables, and how an older database becomes one of today. Each step runs once, in a transaction of its own.

use crate::{
    StoreError,
    audit::wall,
    db::{Db, Dialect, Tx},
    settings::{AUDIT_SEQ, CONFIGURATION_REVISION},
    table::{KEY_CHARACTERS_MAX, NAME_CHARACTERS_MAX},
};
use sea_query::{
    ColumnDef, Expr, Index, IndexCreateStatement, MysqlQueryBuilder, OnConflict, Order, PostgresQueryBuilder, Query,
    SqliteQueryBuilder, Table, TableCreateStatement,
};

/// A step. Its statements can be run again: MariaDB commits after each one, so a broken step is begun anew.
struct Migration {
    version: i64,
    name: &'static str,
    run: fn(Dialect) -> Vec<String>,
}

/// In order; a released step is never changed, only followed.
const MIGRATIONS: &[Migration] = &[Migration { version: 1, name: "first tables", run: first_tables }];

/// Name and number of the lock that keeps two processes from migrating at once.
const LOCK: &str = "strowger_migrations";
const LOCK_NUMBER: u32 = 0x5354_524f;
/// How long the second of two processes waits for the first, seconds.
const LOCK_WAIT_S: u32 = 60;

/// Brings the tables up to date, or refuses those of a newer release.
pub(crate) async fn apply(db: &Db) -> Result<(), StoreError> {
    let known = MIGRATIONS.last().map_or(0, |migration| migration.version);
    let mut tx = locked(db).await?;
    tx.define(create(db.dialect(), &schema_versions(db.dialect()))).await?;
    let found = version(&mut tx).await?;
    unlock(tx, db.dialect()).await?;
    if found > known {
        return Err(StoreError::Newer { found, known });
    }
    for migration in MIGRATIONS.iter().filter(|migration| migration.version > found) {
        let mut tx = locked(db).await?;
        if version(&mut tx).await? < migration.version {
            run(&mut tx, migration, db.dialect()).await?;
        }
        unlock(tx, db.dialect()).await?;
    }
    Ok(())
}

async fn run(tx: &mut Tx, migration: &Migration, dialect: Dialect) -> Result<(), StoreError> {
    for sql in (migration.run)(dialect) {
        tx.define(sql).await?;
    }
    let mut insert = Query::insert();
    insert.into_table("schema_versions").columns(["version", "name", "applied"]);
    insert.values_panic([Expr::val(migration.version), Expr::val(migration.name), Expr::val(wall().0)]);
    tx.run(&insert).await?;
    tracing::info!(version = migration.version, name = migration.name, "tables migrated");
    Ok(())
}

/// A write transaction no other process migrates in: SQLite's has the whole file, the servers have named locks.
async fn locked(db: &Db) -> Result<Tx, StoreError> {
    let mut tx = db.write().await?;
    match db.dialect() {
        Dialect::Sqlite => {}
        Dialect::Postgres => tx.define(format!("SELECT pg_advisory_xact_lock({LOCK_NUMBER})")).await?,
        Dialect::Mysql => tx.define(format!("SELECT GET_LOCK('{LOCK}', {LOCK_WAIT_S})")).await?,
    }
    Ok(tx)
}

/// Commits; MariaDB's lock belongs to the connection, not the transaction, and must be given back.
async fn unlock(mut tx: Tx, dialect: Dialect) -> Result<(), StoreError> {
    if dialect == Dialect::Mysql {
        tx.define(format!("SELECT RELEASE_LOCK('{LOCK}')")).await?;
    }
    tx.commit().await
}

async fn version(tx: &mut Tx) -> Result<i64, StoreError> {
    let mut newest = Query::select();
    newest.column("version").from("schema_versions").order_by("version", Order::Desc).limit(1);
    tx.fetch(&newest).await?.first().map_or(Ok(0), |row| row.integer("version"))
}

fn schema_versions(dialect: Dialect) -> TableCreateStatement {
    let d = dialect;
    table(d, "schema_versions", vec![integer("version").primary_key().take(), name(d, "name"), integer("applied")])
}

fn first_tables(d: Dialect) -> Vec<String> {
    let mut statements: Vec<String> = configuration_tables(d).iter().map(|table| create(d, table)).collect();
    statements.extend(record_tables(d).iter().map(|table| create(d, table)));
    statements.extend(indexes().iter().map(|index| create_index(d, index)));
    for counter in [CONFIGURATION_REVISION, AUDIT_SEQ] {
        let mut insert = Query::insert();
        insert.into_table("counters").columns(["counter", "value"]);
        insert.values_panic([Expr::val(counter), Expr::val(0i64)]);
        // Begun anew after a break, the row may be there.
        insert.on_conflict(OnConflict::column("counter").update_column("counter").to_owned());
        statements.push(match d {
            Dialect::Sqlite => insert.to_string(SqliteQueryBuilder),
            Dialect::Postgres => insert.to_string(PostgresQueryBuilder),
            Dialect::Mysql => insert.to_string(MysqlQueryBuilder),
        });
    }
    statements
}

fn configuration_tables(d: Dialect) -> Vec<TableCreateStatement> {
    vec![
        table(d, "counters", vec![key(d, "counter"), integer("value")]),
        table(d, "settings", vec![key(d, "setting"), document(d, "document")]),
        table(
            d,
            "extensions",
            vec![key(d, "extension"), name(d, "display_name"), name(d, "ha1_md5"), name(d, "ha1_sha256")],
        ),
        table(
            d,
            "agents",
            vec![key(d, "agent"), name(d, "name"), document(d, "queues"), maybe(name(d, "extension_default"))],
        ),
        table(
            d,
            "queues",
            vec![
                key(d, "queue"),
                name(d, "number"),
                name(d, "name_zh"),
                name(d, "name_en"),
                name(d, "strategy"),
                integer("ring_ms"),
                integer("wrap_up_ms"),
                integer("waiting_max"),
                integer("no_answer_leaves"),
                name(d, "music"),
            ],
        ),
        table(d, "numbers", vec![key(d, "number"), document(d, "destination"), integer("public")]),
        table(d, "trunks", vec![key(d, "trunk"), document(d, "networks")]),
        table(d, "flows", vec![key(d, "flow"), integer("revision"), integer("updated"), document(d, "document")]),
        paired(
            table(
                d,
                "flow_revisions",
                vec![word(d, "flow"), integer("revision"), integer("saved"), name(d, "who"), document(d, "document")],
            ),
            ["flow", "revision"],
        ),
        table(
            d,
            "users",
            vec![
                key(d, "username"),
                name(d, "name"),
                document(d, "roles"),
                maybe(name(d, "agent")),
                document(d, "password_hash"),
            ],
        ),
        table(
            d,
            "sessions",
            vec![key(d, "token_hash"), word(d, "username"), name(d, "source"), integer("created"), integer("expires")],
        ),
    ]
}

fn record_tables(d: Dialect) -> Vec<TableCreateStatement> {
    vec![
        table(
            d,
            "audit",
            vec![
                integer("seq").primary_key().take(),
                integer("at"),
                name(d, "who"),
                name(d, "source"),
                name(d, "action"),
                document(d, "object"),
                maybe(document(d, "before_json")),
                maybe(document(d, "after_json")),
                name(d, "result"),
                name(d, "prev"),
                name(d, "hash"),
            ],
        ),
        table(
            d,
            "records",
            vec![
                key(d, "call"),
                word(d, "direction"),
                word(d, "caller"),
                word(d, "called"),
                integer("arrived"),
                integer("ended"),
                maybe(word(d, "agent")),
                maybe(word(d, "queue")),
                word(d, "state"),
                integer("state_number"),
                document(d, "document"),
            ],
        ),
        table(
            d,
            "recordings",
            vec![
                key(d, "recording"),
                word(d, "call"),
                word(d, "purpose"),
                integer("started"),
                maybe(integer("stopped")),
            ],
        ),
        paired(
            table(
                d,
                "pieces",
                vec![
                    word(d, "recording"),
                    integer("number"),
                    word(d, "call"),
                    integer("offset_ms"),
                    document(d, "path"),
                    integer("channels"),
                    name(d, "codec"),
                    maybe(integer("bytes")),
                ],
            ),
            ["recording", "number"],
        ),
    ]
}

/// Every search ends in the newest-first order of lists, so each index does too.
fn indexes() -> Vec<IndexCreateStatement> {
    let records = ["caller", "called", "agent", "queue", "state"];
    let mut indexes = vec![
        index("records_arrived", "records", &["arrived", "call"]),
        index("recordings_call", "recordings", &["call"]),
        index("sessions_expires", "sessions", &["expires"]),
        index("sessions_username", "sessions", &["username"]),
    ];
    let names = ["records_caller", "records_called", "records_agent", "records_queue", "records_state"];
    for (name, column) in names.into_iter().zip(records) {
        indexes.push(index(name, "records", &[column, "arrived", "call"]));
    }
    indexes
}

fn table(dialect: Dialect, table: &'static str, columns: Vec<ColumnDef>) -> TableCreateStatement {
    let mut create = Table::create();
    create.table(table).if_not_exists();
    for mut column in columns {
        create.col(&mut column);
    }
    if dialect == Dialect::Mysql {
        // Binary order, so that keys compare by their bytes as in the other two.
        create.engine("InnoDB").character_set("utf8mb4").collate("utf8mb4_bin");
    }
    create
}

fn paired(mut create: TableCreateStatement, key: [&'static str; 2]) -> TableCreateStatement {
    create.primary_key(Index::create().col(key[0]).col(key[1]));
    create
}

fn integer(column: &'static str) -> ColumnDef {
    ColumnDef::new(column).big_integer().not_null().take()
}

fn key(dialect: Dialect, column: &'static str) -> ColumnDef {
    word(dialect, column).primary_key().take()
}

/// A text that is part of a key or an index.
fn word(dialect: Dialect, column: &'static str) -> ColumnDef {
    ordered(dialect, ColumnDef::new(column).string_len(length(KEY_CHARACTERS_MAX)).not_null().take())
}

fn name(dialect: Dialect, column: &'static str) -> ColumnDef {
    ordered(dialect, ColumnDef::new(column).string_len(length(NAME_CHARACTERS_MAX)).not_null().take())
}

fn length(characters_max: usize) -> u32 {
    u32::try_from(characters_max).expect("lengths of this program's columns are small")
}

/// A text of any length.
fn document(dialect: Dialect, column: &'static str) -> ColumnDef {
    let mut definition = ColumnDef::new(column);
    match dialect {
        Dialect::Sqlite | Dialect::Postgres => definition.text(),
        // MariaDB's TEXT ends at 64 KiB.
        Dialect::Mysql => definition.custom("LONGTEXT"),
    };
    definition.not_null().take()
}

fn maybe(mut column: ColumnDef) -> ColumnDef {
    column.null().take()
}

fn ordered(dialect: Dialect, mut column: ColumnDef) -> ColumnDef {
    if dialect == Dialect::Postgres {
        column.extra("COLLATE \"C\"");
    }
    column
}

fn index(name: &'static str, table: &'static str, columns: &[&'static str]) -> IndexCreateStatement {
    let mut index = Index::create();
    index.name(name).table(table).if_not_exists();
    for column in columns {
        index.col(*column);
    }
    index
}

fn create(dialect: Dialect, table: &TableCreateStatement) -> String {
    match dialect {
        Dialect::Sqlite => table.to_string(SqliteQueryBuilder),
        Dialect::Postgres => table.to_string(PostgresQueryBuilder),
        Dialect::Mysql => table.to_string(MysqlQueryBuilder),
    }
}

fn create_index(dialect: Dialect, index: &IndexCreateStatement) -> String {
    match dialect {
        Dialect::Sqlite => index.to_string(SqliteQueryBuilder),
        Dialect::Postgres => index.to_string(PostgresQueryBuilder),
        Dialect::Mysql => index.to_string(MysqlQueryBuilder),
    }
}
