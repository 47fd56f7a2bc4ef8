//! Mail to people who must act, webhooks to the council's systems, signing in with the council's
//! own accounts, and TLS by the service itself.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use doorstep_core::Clock;
use doorstep_council::notify::{Mail, MailSettings, Notifier, Webhook, WebhookSecret};
use doorstep_council::{DatabaseAt, Environment, Service, SystemClock, TimeSource};
use doorstep_tests::browser;
use doorstep_tests::desk::ConsoleClient;
use doorstep_tests::hand_phone::HandPhone;
use doorstep_tests::harness::{Phone, TestCouncil, eventually, json, sample};
use doorstep_tests::outside::{Certificate, OpenIdProvider, Outside};
use reqwest::blocking::Client;
use serde_json::{Value, json};

pub(crate) const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// The machine's clock, put forward by this many milliseconds.
pub(crate) struct Ahead(pub(crate) AtomicI64);

impl TimeSource for Ahead {
    fn now_ms(&self) -> i64 {
        SystemClock.now_ms() + self.0.load(Ordering::Relaxed)
    }
}

/// Makes a visit with a refusal, which opens a case, and with a note for the safeguarding lead.
fn a_day(council: &TestCouncil) {
    council.does(&["import-appointments", &sample("appointments-2026-11-24.csv").display().to_string()]);
    let phone = Phone::of("melton-2", council, council.address());
    let visit = phone.starts("WO-261124-00009");
    phone.does(&["visit", "refuse", &visit, "--reason", "other", "--words", "I have the flu"]);
    phone.does(&["visit", "flag", &visit, "--kind", "safeguarding", "--note", "The boy sleeps in the shed."]);
    phone.does(&["sync"]);
}

pub(crate) fn mail(certificate: &Certificate, outside: &Outside) -> Mail {
    let settings = MailSettings {
        server: format!("smtp://localhost:{}", outside.smtp),
        from: "Doorstep <doorstep@council.example>".to_owned(),
        credentials: Some(("doorstep".to_owned(), "a mail password\n".to_owned().into())),
        authority: Some(std::fs::read(&certificate.authority).unwrap()),
        public_address: "https://doorstep.council.example/".to_owned(),
    };
    Mail::new(settings).unwrap()
}

/// The next thing that is told, but for where the logs end: the tests of `audit_log` look at that.
fn receives(outside: &mut Outside) -> Value {
    loop {
        let came = outside.receives();
        let of_the_logs = ["mail", "call"].iter().filter_map(|kind| came[kind].as_str());
        if !of_the_logs.into_iter().any(|said| said.contains("fingerprint") || said.contains("logs.closed")) {
            return came;
        }
    }
}

#[test]
fn those_who_must_act_are_told_by_mail_that_names_nobody_and_it_is_tried_until_it_is_sent() {
    let _installed = rustls::crypto::ring::default_provider().install_default();
    let council = TestCouncil::open();
    a_day(&council);
    let folder = tempfile::tempdir().unwrap();
    let certificate = Certificate::in_folder(folder.path());
    let mut outside = Outside::start(&certificate, 2);
    let clock = Arc::new(Ahead(AtomicI64::new(0)));
    let environment = Environment { clock: Arc::clone(&clock) as Arc<dyn TimeSource>, ..Environment::real() };
    let service = Service::open(&council.data(), &DatabaseAt::InTheDataFolder, environment).unwrap();
    let webhook =
        Webhook::new(&format!("http://127.0.0.1:{}/told", outside.http), WebhookSecret::read(SECRET).unwrap());
    let messenger = Notifier::new(service, Some(mail(&certificate, &outside)), Some(webhook.unwrap()));

    // Mail server and system refuse twice each. The third time everything arrives, once.
    let minutes = |minutes: i64| clock.0.store(minutes * 60_000, Ordering::Relaxed);
    for at in [0, 0, 2, 5, 9] {
        minutes(at);
        messenger.send_what_waits().unwrap();
    }
    let mut came: Vec<Value> = Vec::new();
    while came.iter().filter(|one| one["mail"].is_string()).count() < 3
        || !came.iter().any(|one| one["call"].is_string())
    {
        came.push(receives(&mut outside));
    }
    let mails: Vec<&Value> = came.iter().filter(|one| one["mail"].is_string()).collect();
    let to = |mail: &Value| mail["to"][0].as_str().unwrap().to_owned();
    let mut told: Vec<String> = mails.iter().map(|mail| to(mail)).collect();
    told.sort();
    let of_the_council = ["admin-1@council.example", "lead-1@council.example", "super-1@council.example"];
    assert_eq!(told, of_the_council, "a firm is not told of the council's work");
    for mail in &mails {
        // The people were imported on the council's own machine.
        let is_told = mail["mail"].as_str().unwrap().replace("=\r\n", "").contains("An account was changed");
        assert_eq!(is_told, !to(mail).starts_with("super-1"), "administrators and leads hear of accounts");
        let of_a_note = mail["mail"].as_str().unwrap().contains("Something waits:");
        assert_eq!(of_a_note, to(mail).starts_with("lead-1"), "and leads that a note waits, beside it");
    }
    for mail in &mails {
        let text = mail["mail"].as_str().unwrap().replace("=\r\n", "");
        let subject = if to(mail).starts_with("lead-1") { "2 things wait for you" } else { "something waits for you" };
        assert!(mail["secure"] == true && text.contains(subject), "{text}");
        assert!(text.contains("https://doorstep.council.example/"), "{text}");
        for private in ["flu", "Ivan", "Eyebrook", "Dafydd", "boy", "shed", "refus", "afeguard", "WO-26"] {
            assert!(!text.contains(private), "{private} is in {text}");
        }
    }
    let supervisor = mails.iter().find(|mail| to(mail).starts_with("super-1")).unwrap();
    let cases = ConsoleClient::of("super-1", &council).reads("/api/cases");
    let case = cases["cases"][0]["case"].as_str().unwrap();
    assert!(supervisor["mail"].as_str().unwrap().replace("=\r\n", "").contains(&format!("/cases/{case}")));

    let call = came.iter().find(|one| one["call"].is_string()).unwrap();
    let body = call["call"].as_str().unwrap();
    assert_eq!(json(body)["type"], "case.opened");
    assert_eq!(json(body)["data"]["case"], case);
    assert!(!body.contains("flu") && !body.contains("melton"), "{body}");
    assert!(signature_is_right(&call["headers"], body), "{call}");

    // No notice is sent twice, but new ones follow when a deadline is near and when it has passed.
    messenger.send_what_waits().unwrap();
    minutes(60 * 24 * 30);
    messenger.send_what_waits().unwrap();
    let next = loop {
        let next = receives(&mut outside);
        if next["mail"].is_string() {
            break next;
        }
    };
    assert!(next["mail"].as_str().unwrap().contains("A deadline has passed"), "{next}");

    // The unit says by this command that the backup or the check failed.
    council.does(&["nightly-failed"]);
    minutes(doorstep_core::SystemClock.now().unix_ms / 60_000 + 1);
    messenger.send_what_waits().unwrap();
    let (mut mailed, mut called) = (None, None);
    while mailed.is_none() || called.is_none() {
        let next = receives(&mut outside);
        if next["mail"].as_str().is_some_and(|mail| mail.contains("backup")) {
            mailed = Some(to(&next));
        } else if next["call"].as_str().is_some_and(|body| json(body)["type"] == "nightly.failed") {
            called = Some(());
        }
    }
    assert_eq!(mailed.as_deref(), Some("admin-1@council.example"));

    // A phone had to forget, because no backup was ever shown to restore. It says so twice.
    let mut phone = HandPhone::of("vale-1", &council);
    phone.sends(|request| request.forgotten = Some(2));
    phone.sends(|request| request.forgotten = Some(1));
    minutes(doorstep_core::SystemClock.now().unix_ms / 60_000 + 2);
    messenger.send_what_waits().unwrap();
    let (mut mailed, mut called) = (Vec::new(), 0);
    while mailed.is_empty() || called == 0 {
        let next = receives(&mut outside);
        if next["mail"].as_str().is_some_and(|mail| mail.contains("had to forget visits")) {
            mailed.push(to(&next));
        } else if next["call"].as_str().is_some_and(|body| json(body)["type"] == "backup.unproven") {
            called += 1;
        }
    }
    assert_eq!((mailed, called), (vec!["admin-1@council.example".to_owned()], 1));
}

/// Checks `webhook-signature` (Standard Webhooks) with code other than the service's own.
fn signature_is_right(headers: &Value, body: &str) -> bool {
    let script = "const c = require('crypto'); const [secret, id, at, body, said] = process.argv.slice(1);
        const key = Buffer.from(secret.slice(6), 'base64');
        const made = 'v1,' + c.createHmac('sha256', key).update(`${id}.${at}.${body}`).digest('base64');
        process.exit(made === said ? 0 : 1)";
    let header = |name: &str| headers[name].as_str().unwrap().to_owned();
    let words = [header("webhook-id"), header("webhook-timestamp"), body.to_owned(), header("webhook-signature")];
    Command::new("node").args(["-e", script, SECRET]).args(words).status().unwrap().success()
}

/// Spoils the certificate file of the service at this port, then writes a good one. The service
/// keeps its old certificate until the new one can be used.
fn a_renewed_certificate_is_served_and_a_bad_one_changes_nothing(port: &str, served: &Certificate, before: &Client) {
    let health = format!("https://localhost:{port}/health");
    let elsewhere = tempfile::tempdir().unwrap();
    let renewed = Certificate::in_folder(elsewhere.path());
    std::fs::write(&served.certificate, "half a certificate").unwrap();
    let authority = reqwest::Certificate::from_pem(&std::fs::read(&renewed.authority).unwrap()).unwrap();
    // Keep no connections open, so that each request gets the present certificate.
    let trusts_the_new = Client::builder().tls_certs_only([authority]).pool_max_idle_per_host(0).build().unwrap();
    std::thread::sleep(Duration::from_secs(6));
    assert!(before.get(&health).send().unwrap().status().is_success(), "what can't be used took the service away");
    assert!(trusts_the_new.get(&health).send().is_err(), "it is not there yet");
    std::fs::copy(&renewed.key, &served.key).unwrap();
    std::fs::copy(&renewed.certificate, &served.certificate).unwrap();
    eventually("serving the renewed certificate", || trusts_the_new.get(&health).send().is_ok());
    assert!(before.get(&health).send().is_err(), "the certificate before is served still");
}

#[test]
fn the_service_runs_by_a_file_of_settings_with_tls_of_its_own_and_stops_in_good_order() {
    let mut council = TestCouncil::open();
    a_day(&council);
    council.kill();
    let folder = tempfile::tempdir().unwrap();
    let certificate = Certificate::in_folder(folder.path());
    let mut outside = Outside::start(&certificate, 0);
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let password = file("password", "a mail password\n");
    let settings = |extra: &str| {
        file(
            "council.toml",
            &format!(
                "data = {:?}\nlisten = \"127.0.0.1:0\"\nsecond-factor = \"off\"\ntls-certificate = {:?}\ntls-key = {:?}\n\
                 public-address = \"https://localhost:8470\"\nmail-server = \"smtp://localhost:{}\"\n\
                 mail-from = \"doorstep@council.example\"\nmail-user = \"doorstep\"\nmail-password-file = {password:?}\n\
                 mail-authority = {:?}\n{extra}",
                council.data(),
                certificate.certificate,
                certificate.key,
                outside.smtp,
                certificate.authority
            ),
        )
    };
    for (wrong, said) in [
        ("lisen = \"x\"", "there is no setting called \"lisen\""),
        ("webhook = \"https://x.example\"", "--webhook-secret-file"),
        ("openid-issuer = \"https://x.example\"", "--openid-client"),
        ("behind-proxy = \"maybe\"", "invalid value 'maybe'"),
    ] {
        let words = ["serve", "--check-config", "--config", &settings(wrong)].map(str::to_owned);
        let failed = council.fails(&words.each_ref().map(String::as_str));
        assert!(failed.contains(said), "{wrong}: {failed}");
    }
    let good = settings("");
    let checked = council.runs(&["serve", "--check-config", "--config", &good]);
    assert!(checked.contains("These settings can be used") && checked.contains("by the service"), "{checked}");

    let program = doorstep_tests::harness::program("doorstep-council");
    let mut process = Command::new(program).args(["serve", "--config", &good]).stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let address = line.trim().strip_prefix("Listening on https://127.0.0.1:").unwrap_or_else(|| panic!("{line}"));

    let authority = reqwest::Certificate::from_pem(&std::fs::read(&certificate.authority).unwrap()).unwrap();
    let _installed = rustls::crypto::ring::default_provider().install_default();
    let client = Client::builder().tls_certs_only([authority]).pool_max_idle_per_host(0).build().unwrap();
    let answer = client
        .post(format!("https://localhost:{address}/api/session"))
        .header("x-doorstep", "1")
        .json(&json!({ "user": "super-1", "password": doorstep_tests::harness::PASSWORD }))
        .send()
        .unwrap();
    assert!(answer.status().is_success());
    for cookie in answer.headers().get_all("set-cookie") {
        let cookie = cookie.to_str().unwrap();
        assert!(cookie.starts_with("__Host-") && cookie.ends_with("; Secure"), "{cookie}");
        assert!(cookie.contains("; Path=/; HttpOnly; SameSite=Strict"), "{cookie}");
    }
    each_answer_tells_the_browser_what_it_may_do(address, &client);
    assert!(reqwest::blocking::get(format!("http://127.0.0.1:{address}/health")).is_err(), "it speaks no plain HTTP");
    a_renewed_certificate_is_served_and_a_bad_one_changes_nothing(address, &certificate, &client);
    let mut told = vec![
        receives(&mut outside)["to"][0].as_str().unwrap().to_owned(),
        receives(&mut outside)["to"][0].as_str().unwrap().to_owned(),
        receives(&mut outside)["to"][0].as_str().unwrap().to_owned(),
    ];
    told.sort();
    assert_eq!(told, ["admin-1@council.example", "lead-1@council.example", "super-1@council.example"]);

    let stopped = Command::new("kill").args(["-TERM", &process.id().to_string()]).status();
    assert!(stopped.unwrap().success() && process.wait().unwrap().success(), "it stops in good order");
}

#[test]
fn plain_http_is_served_on_this_machine_alone() {
    let council = TestCouncil::open();
    let refused = council.tries(&["serve", "--listen", "0.0.0.0:0"]);
    let error = String::from_utf8_lossy(&refused.stderr);
    assert!(!refused.status.success() && error.contains("--behind-proxy on"), "{error}");
}

/// Whatever is asked for, by whomever, and whether it is there or not.
fn each_answer_tells_the_browser_what_it_may_do(address: &str, client: &reqwest::blocking::Client) {
    for (method, path) in [
        ("GET", "/"),
        ("GET", "/api/today"),
        ("GET", "/api/nothing"),
        ("GET", "/nothing"),
        ("DELETE", "/api/today"),
        ("POST", "/v2/sync"),
        ("GET", "/health"),
    ] {
        let request = client.request(method.parse().unwrap(), format!("https://localhost:{address}{path}"));
        let answer = request.send().unwrap();
        let header = |name: &str| answer.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
        let expected = [
            ("strict-transport-security", "max-age=31536000"),
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("x-frame-options", "DENY"),
            ("cross-origin-opener-policy", "same-origin"),
        ];
        for (name, value) in expected {
            assert_eq!(header(name).as_deref(), Some(value), "{method} {path}");
        }
        let policy = header("content-security-policy").unwrap();
        for part in ["frame-ancestors 'none'", "base-uri 'none'", "default-src 'none'"] {
            assert!(policy.contains(part), "{method} {path}: {policy}");
        }
        assert_eq!(header("access-control-allow-origin"), None, "{method} {path}");
    }
}

#[test]
fn the_council_s_people_sign_in_with_accounts_of_its_own() {
    let mut council = TestCouncil::open();
    let address = council.address();
    let provider = OpenIdProvider::start(address);
    let secret = council.data().join("../openid-secret");
    std::fs::write(&secret, "a secret of the provider\n").unwrap();
    council.kill();
    council.is_told(&[
        ("DOORSTEP_OPENID_ISSUER", &provider.issuer),
        ("DOORSTEP_OPENID_CLIENT", "doorstep"),
        ("DOORSTEP_OPENID_SECRET_FILE", &secret.display().to_string()),
        ("DOORSTEP_OPENID_NAME", "a Melton account"),
        ("DOORSTEP_PUBLIC_ADDRESS", &format!("http://{address}")),
    ]);
    // People who sign in through the provider need no second factor from Doorstep: asking for one
    // is up to the provider.
    council.asks_for_second_factor();
    council.start();
    browser::goes_through("openid", &council, &[("DOORSTEP_PROVIDER", &provider.issuer)]);
}

#[test]
fn without_a_second_factor_the_service_is_for_one_s_own_machine_alone() {
    let council = TestCouncil::open();
    let folder = tempfile::tempdir().unwrap();
    let Certificate { certificate, key, .. } = Certificate::in_folder(folder.path());
    let (certificate, key) = (certificate.display().to_string(), key.display().to_string());
    let with_tls = ["--tls-certificate", &certificate, "--tls-key", &key];
    let on_a_network = [&with_tls[..], &["--listen", "0.0.0.0:8470"]].concat();
    let checks = |more: &[&str]| {
        let words = [&["serve", "--check-config", "--second-factor", "off"], more].concat();
        let done = council.tries(&words);
        (done.status.success(), String::from_utf8_lossy(&done.stderr).into_owned())
    };
    assert!(checks(&[]).0 && checks(&with_tls).0);
    for more in [&["--behind-proxy", "on"][..], &on_a_network] {
        let (is_taken, said) = checks(more);
        assert!(!is_taken && said.contains("without a second factor"), "{more:?}: {said}");
    }
}
