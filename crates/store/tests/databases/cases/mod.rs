//! The cases of `conformance.rs`.

pub mod audit;
pub mod demo;
pub mod flows;
pub mod migrations;
pub mod nouns;
pub mod records;
pub mod sessions;
pub mod writer;

use sqlx::AssertSqlSafe;

/// Runs SQL past the store, as an intruder or another release would.
async fn meddle(url: &str, sql: &str) {
    let sql = AssertSqlSafe(sql.to_owned());
    match url.split_once(':').expect("an address").0 {
        "sqlite" => {
            let pool = sqlx::SqlitePool::connect(url).await.expect("the database");
            sqlx::raw_sql(sql).execute(&pool).await.expect("the statement");
            pool.close().await;
        }
        "postgres" => {
            let pool = sqlx::PgPool::connect(url).await.expect("the database");
            sqlx::raw_sql(sql).execute(&pool).await.expect("the statement");
            pool.close().await;
        }
        _ => {
            let pool = sqlx::MySqlPool::connect(url).await.expect("the database");
            sqlx::raw_sql(sql).execute(&pool).await.expect("the statement");
            pool.close().await;
        }
    }
}
