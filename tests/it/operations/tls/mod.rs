//! TLS to both servers: a server with a wrong certificate is an outage.

mod cluster;

use self::cluster::{PASSWORD, TlsCluster};
use crate::support::certificates::{Authority, Identity};
use crate::support::daemon::{Daemon, command};
use crate::support::s3_replies::working_store;
use crate::support::scripted_store::ScriptedStore;
use crate::support::{BUCKET, Bench, connect, recordings, wait_until};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_with_a_wrong_certificate_gets_no_request() {
    let (own, other) = (Authority::new(), Authority::new());
    let right = own.identity("localhost", false);
    let ca = own.path();
    let other_ca = other.path();
    let wrong = [
        (Some(&right), "localhost", Some(&other_ca), "invalid peer certificate"),
        (Some(&right), "localhost", None, "invalid peer certificate"),
        (Some(&right), "127.0.0.1", Some(&ca), "certificate not valid for name"),
        (
            Some(&own.identity("localhost", true)),
            "localhost",
            Some(&ca),
            "certificate expired",
        ),
        (None, "localhost", Some(&ca), "InvalidContentType"),
    ];
    for (identity, host, ca, says) in wrong {
        let bench = Bench::new().await;
        let tone = recordings::tone();
        let store = ScriptedStore::start_with(identity.map(Identity::acceptor), move |request| {
            working_store(request, &tone)
        })
        .await;
        let daemon = daemon_at(&bench, host, store.port(), ca).await;
        let session = bench.record(&["a.bin", "b.bin"]).await;
        bench.complete(&session).await;
        daemon.wait_for_log("object store away").await;
        let line = daemon.log_lines("object store away").remove(0);
        assert!(line.contains(says), "'{says}' is not in {line}");
        bench
            .wait_count("heimdall.feature_queue WHERE state = 'ready' AND attempt = 0", 2)
            .await;
        assert!(
            store
                .requests("")
                .iter()
                .all(|request| !request.headers.contains_key("authorization")),
            "a signature was sent"
        );
        daemon.stop().await;
    }

    let bench = Bench::new().await;
    let tone = recordings::tone();
    let store = ScriptedStore::start_with(Some(right.acceptor()), move |request| working_store(request, &tone)).await;
    let daemon = daemon_at(&bench, "localhost", store.port(), Some(&ca)).await;
    let session = bench.record(&["a.bin"]).await;
    bench.complete(&session).await;
    assert_eq!(bench.rows(&session).await[0].error_message, None);
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn authorities_are_read_again_when_their_file_changes() {
    let bench = Bench::new().await;
    let cluster = TlsCluster::start().await;
    let (old, new) = (Authority::new(), Authority::new());
    let bundle = std::env::temp_dir().join(format!("heimdall-bundle-{}.pem", std::process::id()));
    let text = |authority: &Authority| std::fs::read_to_string(authority.file()).expect("the authority");
    std::fs::write(&bundle, text(&old)).expect("written");
    let path = bundle.display().to_string();
    let tone = recordings::tone();
    let identity = old.identity("localhost", false);
    let mut store =
        ScriptedStore::start_with(Some(identity.acceptor()), move |request| working_store(request, &tone)).await;
    let daemon = daemon_at(&bench, "localhost", store.port(), Some(&path)).await;
    cluster.set_certificate(&identity).await;
    let on_database = daemon_on(&cluster.url("localhost", ""), Some(&path));
    on_database.wait_for_log("listening").await;

    // Both servers get certificates of another authority, which is not in the file yet.
    let identity = new.identity("localhost", false);
    store.stop_listening().await;
    store.set_identity(&identity);
    store.listen_again();
    let session = bench.record(&["a.bin"]).await;
    bench.complete(&session).await;
    daemon.wait_for_log("object store away").await;
    cluster.set_certificate(&identity).await;
    cluster.end_sessions().await;
    on_database.wait_for_log("listener lost").await;

    std::fs::write(&bundle, [text(&old), text(&new)].concat()).expect("written");
    assert_eq!(bench.rows(&session).await[0].error_message, None);
    wait_until("the listener has reconnected", || async {
        on_database.log_lines("listening").len() > 1
    })
    .await;
    for daemon in [&daemon, &on_database] {
        wait_until("the change is logged", || async {
            !daemon.log_lines("certificate authorities has changed").is_empty()
        })
        .await;
    }
    // A file that is being written has no authority for a moment.
    std::fs::write(&bundle, "").expect("written");
    cluster.end_sessions().await;
    wait_until("the listener has reconnected again", || async {
        on_database.log_lines("listening").len() > 2
    })
    .await;
    on_database.assert_logged("cannot be read again", 1).await;
    daemon.stop().await;
    on_database.stop().await;
    std::fs::remove_file(bundle).expect("removed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_of_version_1_is_refused_with_what_to_type() {
    let bench = Bench::new().await;
    let own = Authority::new();
    let store = ScriptedStore::start_with(Some(Identity::version_1().acceptor()), |_| unreachable!("no request")).await;
    let daemon = daemon_at(&bench, "localhost", store.port(), Some(&own.path())).await;
    daemon.wait_for_log("object store away").await;
    let line = daemon.log_lines("object store away").remove(0);
    for says in ["version 1", "openssl x509 -req", "subjectAltName=DNS:localhost"] {
        assert!(line.contains(says), "'{says}' is not in {line}");
    }
    daemon.stop().await;
}

async fn daemon_at(bench: &Bench, host: &str, port: u16, ca: Option<&String>) -> Daemon {
    let endpoint = format!("https://{host}:{port}");
    let mut settings = vec![("HEIMDALL_S3_ENDPOINT", endpoint.as_str())];
    settings.extend(ca.map(|path| ("HEIMDALL_S3_CA_FILE", path.as_str())));
    Daemon::start_with(bench, &settings).await
}

fn daemon_on(url: &str, ca: Option<&String>) -> Daemon {
    let mut command = command();
    command
        .arg("run")
        .env("HEIMDALL_DATABASE_URL", url)
        .env("HEIMDALL_S3_ENDPOINT", "http://127.0.0.1:9")
        .env("HEIMDALL_S3_BUCKET", BUCKET)
        .env("HEIMDALL_S3_ACCESS_KEY", "a")
        .env("HEIMDALL_S3_SECRET_KEY", "b")
        .envs(ca.map(|path| ("HEIMDALL_DATABASE_CA_FILE", path)));
    Daemon::spawn(command)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_with_a_wrong_certificate_gets_no_password() {
    let cluster = TlsCluster::start().await;
    let (own, other) = (Authority::new(), Authority::new());
    let (ca, other_ca) = (own.path(), other.path());
    let refused = async |url: String, ca: Option<&String>, says: &str| {
        let daemon = daemon_on(&url, ca);
        daemon.wait_for_log("database not ready").await;
        let line = daemon.log_lines("database not ready").remove(0);
        assert!(line.contains(says), "'{says}' is not in {line}");
        assert!(!daemon.log_lines("").concat().contains(PASSWORD));
        daemon.stop().await;
    };

    // The server has no TLS, which the URL demands.
    refused(
        cluster.url("localhost", "?sslmode=require"),
        Some(&ca),
        "server does not support TLS",
    )
    .await;

    cluster.set_certificate(&own.identity("localhost", false)).await;
    let full = format!("?sslmode=verify-full&sslrootcert={}", own.file().display());
    for (url, ca) in [
        (cluster.url("localhost", &full), None),
        (
            cluster.url("localhost", &format!("{full}&channel_binding=require")),
            None,
        ),
        (cluster.url("localhost", "?sslmode=verify-ca"), Some(&ca)),
        (cluster.url("localhost", ""), Some(&ca)),
    ] {
        let daemon = daemon_on(&url, ca);
        daemon.wait_for_log("listening").await;
        let (client, _) = connect(&cluster.socket_url()).await;
        let query = "SELECT count(*) FILTER (WHERE ssl), count(*) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)
            WHERE usename = 'daemon'";
        let row = client.query_one(query, &[]).await.expect("the connections");
        let (encrypted, all): (i64, i64) = (row.get(0), row.get(1));
        assert!(
            encrypted > 0 && encrypted == all,
            "{encrypted} of {all} connections are encrypted"
        );
        daemon.stop().await;
    }

    let full = "?sslmode=verify-full";
    refused(
        cluster.url("localhost", full),
        Some(&other_ca),
        "invalid peer certificate",
    )
    .await;
    refused(cluster.url("localhost", full), None, "invalid peer certificate").await;
    refused(
        cluster.url("127.0.0.1", full),
        Some(&ca),
        "certificate not valid for name",
    )
    .await;
    refused(cluster.url("localhost", "?sslmode=disable"), None, "no encryption").await;
    cluster.set_certificate(&own.identity("localhost", true)).await;
    refused(cluster.url("localhost", full), Some(&ca), "certificate expired").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_client_certificate_is_reloaded_for_each_connection() {
    let cluster = TlsCluster::start().await;
    let (own, other) = (Authority::new(), Authority::new());
    let ca = own.path();
    cluster.set_certificate(&own.identity("localhost", false)).await;
    let known = std::fs::read_to_string(own.file()).expect("the authority");
    cluster.write("clients.crt", &known).await;
    cluster.execute("ALTER SYSTEM SET ssl_ca_file = 'clients.crt'").await;
    cluster.set_authentication("cert").await;

    let files = std::env::temp_dir().join(format!("heimdall-client-{}", std::process::id()));
    let (certificate, key) = (files.with_extension("crt"), files.with_extension("key"));
    let write_pair = |identity: &Identity| {
        std::fs::write(&certificate, &identity.certificate).expect("the certificate is written");
        std::fs::write(&key, &identity.key).expect("the key is written");
    };
    let shown = format!("?sslcert={}&sslkey={}", certificate.display(), key.display());
    for (identity, says) in [
        (None, "requires a valid client certificate"),
        (Some(own.client("somebody")), "certificate authentication failed"),
        (Some(other.client("daemon")), "fatal alert"),
    ] {
        let parameters = identity.as_ref().map(write_pair).map_or("", |()| shown.as_str());
        let daemon = daemon_on(&cluster.url("localhost", parameters), Some(&ca));
        daemon.wait_for_log("database not ready").await;
        let line = daemon.log_lines("database not ready").remove(0);
        assert!(line.contains(says), "'{says}' is not in {line}");
        daemon.stop().await;
    }

    write_pair(&own.client("daemon"));
    let daemon = daemon_on(&cluster.url("localhost", &shown), Some(&ca));
    daemon.wait_for_log("listening").await;
    // The server accepts another authority. The daemon sends the certificate that the file has by then.
    let other_ca = std::fs::read_to_string(other.file()).expect("the authority");
    cluster.write("clients.crt", &other_ca).await;
    cluster.reload().await;
    write_pair(&other.client("daemon"));
    cluster.end_sessions().await;
    wait_until("the listener has reconnected", || async {
        daemon.log_lines("listening").len() > 1
    })
    .await;

    // The key does not fit the certificate. The daemon sends the last pair that was valid.
    std::fs::write(&key, other.client("daemon").key).expect("the key is written");
    cluster.end_sessions().await;
    wait_until("the listener has reconnected again", || async {
        daemon.log_lines("listening").len() > 2
    })
    .await;
    // Listener and pool have both connected since. The problem is logged once.
    daemon.assert_logged("cannot be read again", 1).await;
    daemon.stop().await;
    for file in [certificate, key] {
        std::fs::remove_file(file).expect("removed");
    }
}
