//! `heimdalld doctor`: what can be wrong on the way to the database and to the store.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::support::doctor::doctor;
use crate::support::pgbouncer::PgBouncer;
use crate::support::store_proxy::{Fault, StoreProxy};
use crate::support::{Bench, cluster, empty_database};

/// A server that refuses TLS as Postgres does.
async fn server_without_tls() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("its number");
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut question = [0; 8];
            if stream.read_exact(&mut question).await.is_ok() {
                let _ = stream.write_all(b"N").await;
            }
        }
    });
    address
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_obstacle_to_the_database_has_its_own_line() {
    let bench = Bench::new().await;
    let direct = bench.url_as("daemon").await;
    let database = async |url: String| doctor(&bench, &[("HEIMDALL_DATABASE_URL", &url)]).await;
    let nobody = cluster().await.url_as("nobody_at_all", &bench.database);
    let empty = cluster().await.url_as("daemon", &empty_database().await);
    bench.execute("CREATE ROLE stranger LOGIN").await;
    let without_tls = server_without_tls().await;
    let bouncer = PgBouncer::start("auth_type = md5").await;
    let locked = bouncer.url(&direct).replace("daemon@", "daemon:hunter2@");
    for (url, words, hint) in [
        (
            "postgresql://daemon@127.0.0.1:1/x".to_owned(),
            "nothing answers at 127.0.0.1:1",
            "pg_isready -h 127.0.0.1 -p 1",
        ),
        (
            direct.replace(&bench.database, "no_such_database"),
            "no database no_such_database",
            "createdb",
        ),
        (
            nobody,
            "does not accept nobody_at_all",
            "CREATE ROLE \"nobody_at_all\" LOGIN",
        ),
        (empty, "lacks parts of our schema", "heimdalld migrate"),
        (
            bench.url_as("stranger").await,
            "stranger lacks rights",
            "GRANT heimdall_daemon TO \"stranger\";",
        ),
        (
            format!("postgresql://daemon@{without_tls}/x?sslmode=verify-full"),
            "no TLS with",
            "openssl s_client -starttls postgres",
        ),
        (
            locked,
            "refuses the password of daemon",
            "ALTER ROLE \"daemon\" PASSWORD",
        ),
    ] {
        let report = database(url).await;
        report.assert_status(1);
        report.expect("wrong", "database", words, hint);
        assert!(!report.text.contains("hunter2"), "{}", report.text);
    }
    bench.execute("DROP ROLE stranger").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_server_and_a_pooler_without_transactions_are_named() {
    let bench = Bench::new().await;
    bench
        .execute("CREATE ROLE crowded LOGIN CONNECTION LIMIT 0 IN ROLE heimdall_daemon")
        .await;
    let bouncer = PgBouncer::start("pool_mode = statement").await;
    for (url, words, hint) in [
        (
            bench.url_as("crowded").await,
            "has no connection left for crowded",
            "ALTER ROLE \"crowded\" CONNECTION LIMIT -1;",
        ),
        (
            bouncer.url(&bench.url_as("daemon").await),
            "is a pooler that allows no transactions",
            "pool_mode = transaction",
        ),
    ] {
        let report = doctor(&bench, &[("HEIMDALL_DATABASE_URL", &url)]).await;
        report.assert_status(1);
        report.expect("wrong", "database", words, hint);
    }
    bench.execute("DROP ROLE crowded").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_superuser_and_a_pooler_are_warnings() {
    let bench = Bench::new().await;
    let database = async |url: String| doctor(&bench, &[("HEIMDALL_DATABASE_URL", &url)]).await;
    let report = database(bench.url().await).await;
    report.assert_status(0);
    report.expect("warning", "login", "superuser", "IN ROLE heimdall_daemon");

    let direct = bench.url_as("daemon").await;
    for settings in ["", "ignore_startup_parameters = options"] {
        let bouncer = PgBouncer::start(settings).await;
        let report = database(bouncer.url(&direct)).await;
        report.assert_status(0);
        report.expect(
            "warning",
            "notifications",
            "transaction pooler",
            "HEIMDALL_LISTENER_DATABASE_URL",
        );
        report.expect("ok", "indexes", "", "");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_fault_of_the_store_has_its_own_line() {
    let bench = Bench::new().await;
    let store_proxy = StoreProxy::start(bench.store.objects()).await;
    let endpoint = store_proxy.endpoint();
    let bucket = "bucket heimdall-raw-iq";
    let report = doctor(&bench, &[("HEIMDALL_S3_BUCKET", "heimdall-raw-iq,other-one")]).await;
    report.assert_status(1);
    report.expect("ok", bucket, "", "");
    report.expect("wrong", "bucket other-one", "NoSuchBucket", "s3 mb s3://other-one");
    let report = doctor(&bench, &[("HEIMDALL_S3_SECRET_KEY", "another")]).await;
    report.expect("wrong", bucket, "SignatureDoesNotMatch", "HEIMDALL_S3_SECRET_KEY_FILE");
    let report = doctor(&bench, &[("HEIMDALL_S3_ENDPOINT", "http://127.0.0.1:1")]).await;
    report.expect("wrong", bucket, "onnect", "curl -sv http://127.0.0.1:1");
    for (fault, words, hint) in [
        (Fault::Status(403, "AccessDenied"), "403 AccessDenied", "s3:ListBucket"),
        (
            Fault::Status(403, "RequestTimeTooSkewed"),
            "RequestTimeTooSkewed",
            "timedatectl",
        ),
    ] {
        store_proxy.set("", fault);
        let report = doctor(&bench, &[("HEIMDALL_S3_ENDPOINT", &endpoint)]).await;
        report.assert_status(1);
        report.expect("wrong", bucket, words, hint);
    }
}
