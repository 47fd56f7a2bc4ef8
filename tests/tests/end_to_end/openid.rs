//! A provider of accounts that lies, and servers that can't prove who they are.

use doorstep_council::notify::{Mail, MailSettings, Notifier, Webhook, WebhookSecret};
use doorstep_council::{DatabaseAt, Environment, Service};
use doorstep_tests::harness::{Phone, TestCouncil, json};
use doorstep_tests::outside::{Certificate, Impostor, OpenIdProvider};
use reqwest::blocking::{Client, Response};
use reqwest::{Url, redirect};

use crate::outward::SECRET;

/// A council whose people sign in with this provider's accounts.
fn council_with(issuer: &str) -> TestCouncil {
    council_that_asks(issuer, &[])
}

/// A council whose people sign in with this provider's accounts, with these settings besides.
fn council_that_asks(issuer: &str, besides: &[(&str, &str)]) -> TestCouncil {
    let mut council = TestCouncil::open();
    let secret = council.data().join("../openid-secret");
    std::fs::write(&secret, "a secret of the provider\n").unwrap();
    council.kill();
    let address = format!("http://{}", council.address());
    let secret = secret.display().to_string();
    let settings = [
        ("DOORSTEP_OPENID_ISSUER", issuer),
        ("DOORSTEP_OPENID_CLIENT", "doorstep"),
        ("DOORSTEP_OPENID_SECRET_FILE", &secret),
        ("DOORSTEP_PUBLIC_ADDRESS", &address),
    ];
    council.is_told(&[&settings, besides].concat());
    council.start();
    council
}

/// A browser that has begun to sign in: what the provider was told, and the cookie that it keeps.
struct Begun {
    client: Client,
    council: String,
    state: String,
    nonce: String,
    cookie: String,
    /// The provider's address with all that it is asked.
    sent_to: Url,
}

impl Begun {
    /// Where the council sends a browser that begins. `None` when the provider can't be used.
    fn at(council: &TestCouncil) -> Option<Self> {
        let _installed = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder().redirect(redirect::Policy::none()).build().unwrap();
        let council = format!("http://{}", council.address());
        let answer = client.get(format!("{council}/api/sign-in/openid")).send().unwrap();
        Self::of(client, council, &answer)
    }

    fn of(client: Client, council: String, answer: &Response) -> Option<Self> {
        let sent_to = answer.headers()["location"].to_str().unwrap().to_owned();
        let Ok(sent_to) = Url::parse(&sent_to) else {
            assert_eq!(sent_to, "/?sign-in=no-provider");
            return None;
        };
        let said = |name: &str| sent_to.query_pairs().find(|(key, _)| key == name).unwrap().1.into_owned();
        let (state, nonce) = (said("state"), said("nonce"));
        let cookie = answer.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
        Some(Self { client, council, state, nonce, cookie, sent_to })
    }

    /// Comes back from the provider with a code and a state. Returns where the council sends the
    /// browser, and whether somebody is signed in there.
    fn comes_back(&self, lie: &str, nonce: &str, state: &str, cookie: &str) -> (String, bool) {
        let answer = self.answer(lie, nonce, state, cookie);
        let cookies = answer.headers().get_all("set-cookie").iter();
        let has_session = cookies.filter_map(|cookie| cookie.to_str().ok()).any(|one| one.contains("session="));
        (answer.headers()["location"].to_str().unwrap().to_owned(), has_session)
    }

    fn answer(&self, lie: &str, nonce: &str, state: &str, cookie: &str) -> Response {
        let code = format!("{lie} {nonce}");
        let address = format!("{}/api/sign-in/openid/back", self.council);
        let address = Url::parse_with_params(&address, [("code", code.as_str()), ("state", state)]).unwrap();
        self.client.get(address).header("cookie", cookie).send().unwrap()
    }

    /// Comes back from a provider that tells the truth. Returns the cookie of the session.
    fn session(&self, cookie: &str) -> String {
        let answer = self.answer("true", &self.nonce, &self.state, cookie);
        let mut cookies = answer.headers().get_all("set-cookie").iter().map(|cookie| cookie.to_str().unwrap());
        let session = cookies.find(|cookie| cookie.contains("session=")).unwrap();
        session.split(';').next().unwrap().to_owned()
    }

    /// What the provider is asked for by this name.
    fn asked_for(&self, name: &str) -> Option<String> {
        self.sent_to.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
    }
}

#[test]
fn a_provider_s_word_is_taken_only_as_it_signed_it_for_this_council_and_this_browser() {
    let provider = OpenIdProvider::hostile("");
    let council = council_with(&provider.issuer);
    let begun = || Begun::at(&council).unwrap();
    let says = |lie: &str| {
        let one = begun();
        one.comes_back(lie, &one.nonce, &one.state, &one.cookie)
    };
    for lie in [
        "none",
        "unsigned",
        "shared-secret",
        "other-key",
        "altered",
        "other-issuer",
        "other-client",
        "old",
        "other-nonce",
        "other-access",
    ] {
        assert_eq!(says(lie), ("/?sign-in=no-provider".to_owned(), false), "{lie}");
    }
    assert_eq!(says("long-ago"), ("/?sign-in=asked-too-long-ago".to_owned(), false));
    assert_eq!(says("unverified"), ("/?sign-in=not-known".to_owned(), false), "anybody can claim an address");

    // The browser's own cookie, and the state that belongs to it.
    let (one, another) = (begun(), begun());
    let broken_off = ("/?sign-in=broken-off".to_owned(), false);
    assert_eq!(one.comes_back("true", &one.nonce, &another.state, &one.cookie), broken_off);
    assert_eq!(one.comes_back("true", &one.nonce, "", &one.cookie), broken_off);
    assert_eq!(one.comes_back("true", &one.nonce, &one.state, ""), broken_off);
    // What was given for one try is nothing in another.
    let (address, in_it) = another.comes_back("true", &one.nonce, &another.state, &another.cookie);
    assert_eq!((address.as_str(), in_it), ("/?sign-in=no-provider", false));

    // A link on another site begins nothing, and nobody is sent on to one.
    let begins = |query: &str, from: &str| {
        let address = format!("{}/api/sign-in/openid{query}", one.council);
        one.client.get(address).header("sec-fetch-site", from).send().unwrap()
    };
    let elsewhere = begins("", "cross-site");
    assert_eq!(
        (&elsewhere.headers()["location"], elsewhere.headers().get("set-cookie")),
        (&"/".parse().unwrap(), None)
    );
    for (page, back) in [("/visits?q=a", "/visits?q=a"), ("//evil.example/x", "/"), ("https://evil.example", "/")] {
        let query = format!("?{}", Url::parse_with_params("http://x", [("page", page)]).unwrap().query().unwrap());
        let began = Begun::of(one.client.clone(), one.council.clone(), &begins(&query, "same-origin")).unwrap();
        let came = began.comes_back("true", &began.nonce, &began.state, &began.cookie);
        assert_eq!(came, (back.to_owned(), true), "{page}");
    }

    // The same provider, when it tells the truth.
    assert_eq!(one.comes_back("true", &one.nonce, &one.state, &one.cookie), ("/".to_owned(), true));
    let signed_in: Vec<_> = council.export("audit").into_iter().filter(|line| line["action"] == "signed_in").collect();
    assert_eq!(signed_in.len(), 4);
    for line in signed_in {
        assert_eq!((line["user"].as_str(), &json(&line["detail"])["by"]), ("lead-1", &"openid".into()));
    }
}

#[test]
fn strangers_who_make_up_answers_of_the_provider_fill_no_log_and_ask_it_little() {
    let provider = OpenIdProvider::hostile("");
    let proxy = ("DOORSTEP_PROXY", "127.0.0.1");
    let mut council = council_that_asks(&provider.issuer, &[proxy]);
    council.kill();
    council.keeps_its_log();
    council.start();
    let client = Begun::at(&council).unwrap().client;
    let back = format!("http://{}/api/sign-in/openid/back?code=none+n&state=s", council.address());
    for _ in 0..200 {
        let made_up = client.get(&back).header("cookie", "doorstep_openid=s.n.v..2f");
        let answer = made_up.header("x-forwarded-for", "203.0.113.9").send().unwrap();
        assert_eq!(answer.headers()["location"], "/?sign-in=no-provider");
    }
    let log = council.log();
    let lines = log.lines().filter(|line| line.contains("could not be answered")).count();
    assert!((1..=10).contains(&lines), "{lines} lines");
}

#[test]
fn a_provider_that_asked_for_less_than_the_council_wants_signs_nobody_in() {
    let provider = OpenIdProvider::hostile("");
    let asks = [("DOORSTEP_OPENID_ACR", "gold,platinum"), ("DOORSTEP_OPENID_AMR", "mfa")];
    let council = council_that_asks(&provider.issuer, &asks);
    for (said, back) in [
        ("true", "/?sign-in=asked-too-little"),
        ("one-factor", "/?sign-in=asked-too-little"),
        ("other-class", "/?sign-in=asked-too-little"),
        ("two-factors", "/"),
    ] {
        let one = Begun::at(&council).unwrap();
        assert_eq!(one.asked_for("acr_values").as_deref(), Some("gold platinum"));
        let came = one.comes_back(said, &one.nonce, &one.state, &one.cookie);
        assert_eq!(came, (back.to_owned(), back == "/"), "{said}");
    }
    let refused = council.export("audit").into_iter().filter(|line| line["action"] == "sign_in_failed");
    assert_eq!(refused.count(), 3, "each of them is in the log");
}

#[test]
fn signing_in_again_with_a_provider_ends_the_session_that_the_browser_had() {
    let provider = OpenIdProvider::hostile("");
    let council = council_with(&provider.issuer);
    let one = Begun::at(&council).unwrap();
    let first = one.session(&one.cookie);
    let is_in = |session: &str| {
        let address = format!("{}/api/session", one.council);
        one.client.get(address).header("cookie", session).send().unwrap().status().is_success()
    };
    assert!(is_in(&first));
    // The strict cookie stays behind while they are at the provider, so it is there only when they
    // begin.
    let begins = one.client.get(format!("{}/api/sign-in/openid", one.council)).header("cookie", &first);
    let again = Begun::of(one.client.clone(), one.council.clone(), &begins.send().unwrap()).unwrap();
    let second = again.session(&again.cookie);
    assert_ne!(first, second);
    assert_eq!((is_in(&first), is_in(&second)), (false, true));
}

#[test]
fn a_provider_that_gives_itself_out_for_another_or_never_ends_is_not_used() {
    for lies in ["metadata", "endless"] {
        let provider = OpenIdProvider::hostile(lies);
        let council = council_with(&provider.issuer);
        assert!(Begun::at(&council).is_none(), "{lies}");
        assert!(council.memory_kib() < 150 * 1024, "{lies}");
    }
}

#[test]
fn nothing_is_said_to_a_server_that_cannot_prove_who_it_is() {
    let _installed = rustls::crypto::ring::default_provider().install_default();
    let folder = tempfile::tempdir().unwrap();
    let certificate = Certificate::in_folder(folder.path());
    let address = |impostor: &Impostor| format!("https://localhost:{}", impostor.port);

    let impostor = Impostor::start(&certificate);
    let council = TestCouncil::open();
    let code = council.code_for("melton-2");
    let refused = Phone::new().tries(&["enrol", "--server", &address(&impostor), "--code", &code]);
    assert!(!refused.status.success());
    assert_eq!(impostor.heard(), None, "a phone says nothing to it");

    let impostor = Impostor::start(&certificate);
    council.does(&["nightly-failed"]);
    let service = Service::open(&council.data(), &DatabaseAt::InTheDataFolder, Environment::real()).unwrap();
    let webhook = Webhook::new(&address(&impostor), WebhookSecret::read(SECRET).unwrap()).unwrap();
    Notifier::new(service.clone(), None, Some(webhook)).send_what_waits().unwrap();
    assert_eq!(impostor.heard(), None, "nor does the webhook");

    let impostor = Impostor::start(&certificate);
    let mail = Mail::new(MailSettings {
        server: format!("smtps://localhost:{}", impostor.port),
        from: "Doorstep <doorstep@council.example>".to_owned(),
        credentials: Some(("doorstep".to_owned(), "a mail password".to_owned().into())),
        authority: None,
        public_address: "https://doorstep.council.example".to_owned(),
    });
    Notifier::new(service, Some(mail.unwrap()), None).send_what_waits().unwrap();
    assert_eq!(impostor.heard(), None, "nor does the mail");

    let impostor = Impostor::start(&certificate);
    assert!(Begun::at(&council_with(&address(&impostor))).is_none());
    assert_eq!(impostor.heard(), None, "nor does the sign-in");

    let impostor = Impostor::start(&certificate);
    let mut council = TestCouncil::open();
    council.kill();
    council.moves_to(&format!("postgres://doorstep:a-password@localhost:{}/doorstep?sslmode=require", impostor.port));
    assert!(!council.tries(&["counts"]).status.success());
    assert_eq!(impostor.heard(), None, "nor does the database's client");
}
