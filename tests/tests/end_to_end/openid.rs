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
    let mut council = TestCouncil::open();
    let secret = council.data().join("../openid-secret");
    std::fs::write(&secret, "a secret of the provider\n").unwrap();
    council.kill();
    let address = format!("http://{}", council.address());
    council.is_told(&[
        ("DOORSTEP_OPENID_ISSUER", issuer),
        ("DOORSTEP_OPENID_CLIENT", "doorstep"),
        ("DOORSTEP_OPENID_SECRET_FILE", &secret.display().to_string()),
        ("DOORSTEP_PUBLIC_ADDRESS", &address),
    ]);
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
        Some(Self { client, council, state, nonce, cookie })
    }

    /// Comes back from the provider with a code and a state. Returns where the council sends the
    /// browser, and whether somebody is signed in there.
    fn comes_back(&self, lie: &str, nonce: &str, state: &str, cookie: &str) -> (String, bool) {
        let code = format!("{lie} {nonce}");
        let address = format!("{}/api/sign-in/openid/back", self.council);
        let address = Url::parse_with_params(&address, [("code", code.as_str()), ("state", state)]).unwrap();
        let answer = self.client.get(address).header("cookie", cookie).send().unwrap();
        let cookies = answer.headers().get_all("set-cookie").iter();
        let has_session = cookies.filter_map(|cookie| cookie.to_str().ok()).any(|one| one.contains("session="));
        (answer.headers()["location"].to_str().unwrap().to_owned(), has_session)
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
