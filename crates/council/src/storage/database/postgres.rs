//! PostgreSQL, or another server that speaks its protocol. Transactions are serializable, and are
//! tried again when another got in the way. Any number of council processes may share one server.

use std::future::Future;
use std::str::FromStr;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use deadpool_postgres::{Manager, ManagerConfig, Pool, PoolError, RecyclingMethod, Runtime, Transaction};
use doorstep_domain::local_address::is_this_machine;
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres::error::SqlState;
use tokio_postgres::types::ToSql;
use tokio_postgres::{IsolationLevel, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::migrations::{self, Migration};
use super::placeholders::for_postgres;
use super::{Connection, Database, Row, Value, Work};
use crate::error::CouncilError;
use crate::machine::blocking_runtime::BlockingRuntime;
use crate::machine::environment::Environment;
use crate::storage::tables::TABLES;

/// The most connections to the server at once.
const MOST_CONNECTIONS: usize = 16;
/// How often a transaction is tried when others get in its way.
const MOST_TRIES: u32 = 12;
/// How many rows of a long answer are in memory at once.
const ROWS_AT_ONCE: i32 = 500;
/// How long to wait for a connection: to be made, or to become free.
const PATIENCE: Duration = Duration::from_secs(10);

/// A pool of connections, and the thread on which they talk.
pub(crate) struct Postgres {
    pool: Pool,
    runtime: BlockingRuntime,
}

impl Postgres {
    /// Connects, and brings the schema up to date.
    ///
    /// # Errors
    /// [`CouncilError::BadDatabaseAddress`], or what the server says.
    pub(crate) fn open(address: &str) -> Result<Self, CouncilError> {
        let mut config = tokio_postgres::Config::from_str(address).map_err(|_| CouncilError::BadDatabaseAddress)?;
        config.connect_timeout(PATIENCE).application_name("doorstep-council");
        // A receipt is signed after the commit: the commit has to be on the disk, whatever the
        // server's default is.
        config.options("-c synchronous_commit=on");
        let recycling = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let manager = if needs_tls(&config)? {
            Manager::from_config(config, tls()?, recycling)
        } else {
            Manager::from_config(config, NoTls, recycling)
        };
        let pool = Pool::builder(manager)
            .max_size(MOST_CONNECTIONS)
            .runtime(Runtime::Tokio1)
            .wait_timeout(Some(PATIENCE))
            .create_timeout(Some(PATIENCE))
            .recycle_timeout(Some(PATIENCE))
            .build()
            .map_err(|_| CouncilError::BadDatabaseAddress)?;
        let opened = Self { pool, runtime: BlockingRuntime::start("postgres")? };
        opened.migrate()?;
        Ok(opened)
    }

    /// Waits for an answer, on a thread where waiting is allowed.
    fn wait<T, E>(&self, answer: impl Future<Output = Result<T, E>>) -> Result<T, CouncilError>
    where
        CouncilError: From<E>,
    {
        Ok(self.runtime.wait(answer)??)
    }

    fn migrate(&self) -> Result<(), CouncilError> {
        self.wait(async {
            let mut client = self.pool.get().await?;
            if !flushes(&client).await? {
                return Err(CouncilError::DatabaseForgets);
            }
            client
                .batch_execute("CREATE TABLE IF NOT EXISTS schema_version (version BIGINT PRIMARY KEY)")
                .await
                // Two processes that start at once may both make it.
                .or_else(|error| if is_known(&error) { Ok(()) } else { Err(error) })?;
            for Migration { number: version, sql } in migrations::of_postgres() {
                let transaction = client.transaction().await?;
                // If two processes start at once, the second waits here until the first is done,
                // and then has nothing to do.
                let first = transaction
                    .execute("INSERT INTO schema_version (version) VALUES ($1) ON CONFLICT DO NOTHING", &[&version])
                    .await?;
                if first == 1 {
                    transaction.batch_execute(&sql).await?;
                }
                transaction.commit().await?;
            }
            let newest: i64 = client.query_one("SELECT max(version) FROM schema_version", &[]).await?.get(0);
            if newest > migrations::newest() { Err(CouncilError::NewerDatabase) } else { Ok(()) }
        })
    }

    /// Tries a transaction once. Without `writes` it only reads.
    fn once(&self, writes: Option<&Environment>, work: &mut Work<'_>) -> Result<(), CouncilError> {
        let mut client = self.wait(self.pool.get())?;
        let kind = client.build_transaction();
        let kind = match writes {
            Some(_) => kind.isolation_level(IsolationLevel::Serializable),
            None => kind.isolation_level(IsolationLevel::RepeatableRead).read_only(true),
        };
        let transaction = self.wait(kind.start())?;
        let connection = InTransaction { transaction: &transaction, of: self };
        let done = work(&connection);
        match (done, writes) {
            (Ok(()), Some(environment)) if !environment.disk.takes_the_next_commit() => Err(CouncilError::Disk),
            (Ok(()), Some(_)) => Ok(self.wait(transaction.commit())?),
            (done, _) => {
                self.wait(transaction.rollback())?;
                done
            }
        }
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.pool.close();
    }
}

/// Whether a commit reaches the server's disk before it is answered. The server's settings can
/// change while it runs.
async fn flushes(client: &tokio_postgres::Client) -> Result<bool, tokio_postgres::Error> {
    let fsync: String = client.query_one("SHOW fsync", &[]).await?.get(0);
    let waits: String = client.query_one("SHOW synchronous_commit", &[]).await?.get(0);
    Ok(fsync == "on" && waits != "off")
}

impl Database for Postgres {
    fn flushes(&self) -> Result<bool, CouncilError> {
        self.wait(async {
            let client = self.pool.get().await?;
            Ok::<_, CouncilError>(flushes(&client).await?)
        })
    }

    fn leave_no_trace(&self) -> Result<(), CouncilError> {
        // What was erased stays in tables and indexes until they are rewritten. It leaves the
        // server's log at the next checkpoints.
        self.wait(async {
            let client = self.pool.get().await?;
            for table in TABLES {
                client.batch_execute(&format!("VACUUM (FULL) {}", table.name)).await?;
            }
            Ok::<_, CouncilError>(())
        })
    }

    fn read(&self, work: &mut Work<'_>) -> Result<(), CouncilError> {
        self.once(None, work)
    }

    fn read_at_length(&self, work: &mut Work<'_>) -> Result<(), CouncilError> {
        self.once(None, work)
    }

    fn transact(&self, environment: &Environment, work: &mut Work<'_>) -> Result<(), CouncilError> {
        let mut tries = 0;
        loop {
            tries += 1;
            match self.once(Some(environment), work) {
                Err(CouncilError::Postgres(error)) if is_in_the_way(&error) && tries < MOST_TRIES => {
                    // Wait longer each time, and by a random part, so that two do not meet again.
                    let [chance] = environment.random::<1>();
                    thread::sleep(Duration::from_millis(u64::from(tries) * (2 + u64::from(chance) / 16)));
                }
                done => return done,
            }
        }
    }
}

/// Whether another transaction got in the way, so that trying again can help. A key that exists
/// already is not such a case: the statement or its caller says what happens then.
fn is_in_the_way(error: &tokio_postgres::Error) -> bool {
    let codes = [&SqlState::T_R_SERIALIZATION_FAILURE, &SqlState::T_R_DEADLOCK_DETECTED];
    error.code().is_some_and(|code| codes.contains(&code))
}

fn is_known(error: &tokio_postgres::Error) -> bool {
    let codes = [&SqlState::UNIQUE_VIOLATION, &SqlState::DUPLICATE_TABLE];
    error.code().is_some_and(|code| codes.contains(&code))
}

/// Whether the connection needs TLS. A server on another machine always does.
///
/// # Errors
/// [`CouncilError::DatabaseWithoutTls`] if the server is on another machine and the address does
/// not say `sslmode=require`.
fn needs_tls(config: &tokio_postgres::Config) -> Result<bool, CouncilError> {
    let stays_here = |host: &Host| match host {
        Host::Tcp(name) => is_this_machine(name),
        Host::Unix(_) => true,
    };
    let local = config.get_hosts().iter().all(stays_here);
    match (local, config.get_ssl_mode()) {
        (true, mode) => Ok(mode == SslMode::Require),
        (false, SslMode::Require) => Ok(true),
        (false, _) => Err(CouncilError::DatabaseWithoutTls),
    }
}

/// TLS with the certificate authorities that this machine trusts.
fn tls() -> Result<MakeRustlsConnect, CouncilError> {
    let mut roots = rustls::RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|_| CouncilError::DatabaseWithoutTls)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}

/// A transaction that is under way.
struct InTransaction<'a> {
    transaction: &'a Transaction<'a>,
    of: &'a Postgres,
}

impl Connection for InTransaction<'_> {
    fn query(
        &self,
        sql: &str,
        params: &[Value],
        each: &mut dyn FnMut(&Row<'_>) -> Result<(), CouncilError>,
    ) -> Result<(), CouncilError> {
        let statement = self.of.wait(self.transaction.prepare_cached(&for_postgres(sql)))?;
        let values: Vec<_> = params.iter().map(|value| value as &(dyn ToSql + Sync)).collect();
        let rows = self.of.wait(self.transaction.query(&statement, &values))?;
        rows.iter().try_for_each(|row| each(&Row::Postgres(row)))
    }

    fn query_at_length(
        &self,
        sql: &str,
        params: &[Value],
        each: &mut dyn FnMut(&Row<'_>) -> Result<bool, CouncilError>,
    ) -> Result<(), CouncilError> {
        let statement = self.of.wait(self.transaction.prepare_cached(&for_postgres(sql)))?;
        let portal = self.of.wait(self.transaction.bind_raw(&statement, params))?;
        loop {
            let rows = self.of.wait(self.transaction.query_portal(&portal, ROWS_AT_ONCE))?;
            for row in &rows {
                if !each(&Row::Postgres(row))? {
                    return Ok(());
                }
            }
            if rows.len() < usize::try_from(ROWS_AT_ONCE).unwrap_or(0) {
                return Ok(());
            }
        }
    }

    fn execute(&self, sql: &str, params: &[Value]) -> Result<usize, CouncilError> {
        let statement = self.of.wait(self.transaction.prepare_cached(&for_postgres(sql)))?;
        let changed = self.of.wait(self.transaction.execute_raw(&statement, params))?;
        Ok(usize::try_from(changed).unwrap_or(usize::MAX))
    }

    fn go_on_numbering(&self) -> Result<(), CouncilError> {
        let sql = "SELECT setval(pg_get_serial_sequence('audit', 'audit_id'), (SELECT coalesce(max(audit_id), 0) + 1 FROM audit), false)";
        self.query(sql, &[], &mut |_| Ok(()))
    }
}

impl From<PoolError> for CouncilError {
    fn from(error: PoolError) -> Self {
        match error {
            PoolError::Backend(error) => Self::Postgres(error),
            _ => Self::NoDatabase,
        }
    }
}
