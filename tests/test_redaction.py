"""Redaction: canaries in every syntax and encoding, pseudonyms, the gate, and time on hostile lines."""

from __future__ import annotations

import base64
import html
import json
import re
import stat
import time
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import pytest
from cases import FIXTURES, INCIDENT, analysed
from hypothesis import example, given
from hypothesis import strategies as st

from novatrace import pipeline
from novatrace.errors import LeakError
from novatrace.model.parts import changed
from novatrace.pipeline.sharing import Sharing, passed
from novatrace.reports.leak_gate import leaks
from novatrace.reports.pseudonyms import Pseudonyms
from novatrace.reports.redaction import Redaction
from novatrace.reports.secret_shapes import SHAPES, compiled
from novatrace.reports.secrets import mask

RACE = FIXTURES / "real-nova" / "b1-race-placement-room1"
FORMATS = ("text", "markdown", "jira", "html", "json", "csv")
KEYS = (
    "adminPass", "admin_password", "os-password", "auth_password", "X-Auth-Token", "x-subject-token", "X-Service-Token", "secret",
    "metadata_proxy_shared_secret", "secret_uuid", "rabbit_passwd", "passphrase", "api_key", "private_key", "auth_token", "user_data",
)  # fmt: skip
SYNTAXES = (
    "{k}={v}", "{k}: {v}", "{k} = {v}", '"{k}": "{v}", "a": 1', "'{k}': '{v}', 'a': 1", "u'{k}': u'{v}'", "'{k}': b'{v}'",
    "<{k}>{v}</{k}>", "('{k}', '{v}')", "['--{k}', '{v}']", "--{k} {v} --x", "--{k}={v}", '{k}="{v}" a="b"', "-H '{k}: {v}'",
    "?{k}={v}&a=b", "'{k}': ['{v}', '{v}x']", "{k}:\\n  {v}",
)  # fmt: skip
ENCODINGS = {
    "plain": lambda text: text,
    "json": lambda text: json.dumps(text)[1:-1],
    "json twice": lambda text: json.dumps(json.dumps(text)[1:-1])[1:-1],
    "html": html.escape,
    "url": lambda text: quote(text, safe=""),
    "url twice": lambda text: quote(quote(text, safe=""), safe=""),
    "unicode": lambda text: re.sub(r"[\"'<>=&]", lambda m: f"\\u{ord(m[0]):04x}", text),
    "base64": lambda text: base64.b64encode(f"data {text}".encode()).decode(),
}
OTHERS = (
    "Authorization: Basic {v}", "Authorization: Bearer {v}", '"Authorization": "Bearer {v}", "x": 1', "Cookie: session={v}; a=b",
    "Set-Cookie: session={v}; Path=/", "mysql+pymysql://nova:{v}@db.example/nova", "rabbit://u:{v}@h1:5672,u:{v}@h2:5672/v",
    "http://user:p@{v}:/x@host/path", "https%3A%2F%2Fuser%3A{v}%40host%2F", "path=%3Ftoken%3D{v}", "GET /v2.0/tokens/{v} HTTP/1.1",
    "gAAAAAB{v}{v}", "eyJhbGciOiJ{v}.eyJ{v}.{v}", "AKIA{u}", "sshpass -p {v} ssh host", "sshpass -p '{v}' ssh host",
    "-----BEGIN RSA PRIVATE KEY-----\n{v}\n-----END RSA PRIVATE KEY-----", "-----BEGIN PRIVATE KEY-----\\n{v}\\n",
    "'personality': [{{'path': '/x', 'contents': '{v}'}}]", "connection_info: {{'auth_username': '{v}', 'auth_password': '{v}'}}",
    "X-Amz-Signature={v}&x=1", "temp_url_sig={v}&x=1", 'Proxy-Authorization: Digest response="{v}"',
)  # fmt: skip
# What no key announces: sentences, arguments, pairs, elements, nested values, spelled letters, config dumps, YAML.
UNANNOUNCED = (
    "password is {v}", "password was set to {v}", "the password for nova is {v}", "password '{v}'", "password [{v}]", "passwd {v}",
    "Invalid token {v}", "Unable to validate token {v}: gone", "token_id {v}", "X-Auth-Token {v}", "iscsi CHAP secret {v}",
    "set_admin_password({v})", "password -> {v}", "password==>{v}", "password：{v}", "password\xa0=\xa0{v}", "password\u200b={v}",
    "password\x1b[0m=\x1b[31m{v}\x1b[0m", "admin_password                 = {v} log_opt_values x.py:2", '{{"password":\n  "{v}"}}',
    "password: |\n  {v}\n", "password: >-\n    {v}\nnext: x", "adminPass: !!str {v}", "<adminPass xmlns='x'>{v}</adminPass>",
    "<secret ephemeral='no'>{v}</secret>", "<password><![CDATA[{v}]]></password>", "<property name='password' value='{v}'/>",
    '{{"name": "password", "value": "{v}"}}', '{{"key": "admin_pass", "value": "{v}"}}', "{{'name': 'token', 'default': '{v}'}}",
    "name=password value={v}", "password=SecretStr('{v}')", "auth=('nova', '{v}')", "credentials=PlainCredentials('nova', '{v}')",
    "'pass': '{v}'", "pass={v}", "login(user='x', pw='{v}')", "root_pw: {v}", "curl -u admin:{v} http://x", "curl --user 'a:{v}' x",
    "mysql -unova -p{v} nova", "mysqldump -u root -p{v} nova", "ldapsearch -x -w {v}", "redis-cli -a {v}", "openssl enc -k {v}",
    "openssl rsa -passin pass:{v}", "virsh set-user-password x root {v}", "--op update -n node.session.auth.password -v {v}",
    "('iscsiadm', '-n', 'node.session.auth.password', '-v', '{v}')", "-object secret,id=x,format=base64,data={v}",
    "nova:{v}@10.0.0.5:5672", "http://h/?sig={v}&x=1", "sessionid={v}", "JSESSIONID={v}", "changePassword: {{adminPass: {v}}}",
    '{{"token": {{"id": "{v}", "expires": "2026"}}}}', "injected_files: [['/etc/x', '{v}']]",
    "\\x70\\x61\\x73\\x73\\x77\\x6f\\x72\\x64={v}",
    "p%61ssword={v}", "%70%61%73%73%77%6f%72%64%3d{v}", "&#112;assword={v}", "ghp_abcdefghijklmnopqrst{v}", "glpat-{v}{v}",
    "xoxb-1234567890-{v}", "AIza{v}{v}{v}", "hvs.{v}{v}", "ASIA{u}", "root:$6$salt${v}:18000:0:99999:7:::", "$2b$12${v}{v}",
    "-----BEGIN PGP PRIVATE KEY BLOCK-----\n{v}",
)  # fmt: skip
NO_SECRETS = (
    "token 8 of 10", "password authentication failed for user nova", "Secret with UUID 5c915873-a45d-4146-8497-2c65d23bbee4 not found",
    "Created secret volume-5c915873-a45d-4146-8497-2c65d23bbee4", "token for compute-01.dc1.example.org", "password for req-5c915873",
    "[req-a6070664-06f2-46b6-b201-911da09ad530 8f1d3a55b7f24b0c9be2f9a1c0d4e6b7 5d2c9be4a1ef4b7f8c1f0e9d7a6b3c21 - - -] Selected host",
    "AMQP server on 10.0.0.5:5672 is unreachable", "GET /v2.1/servers/detail?marker=5c915873-a45d-4146-8497-2c65d23bbee4&limit=10",
    "compute-02 (node compute-02.dc1) at 10:11:12.345", "mail root@compute-02.example.org", "host:cinder01@lvmdriver-1",
    "at Asia/Kathmandu", "Filter ComputeFilter returned 0 hosts", "name=compute-02 value=5c915873", "%5Bcompute-02%5D%20is%20full",
)  # fmt: skip


def listed(name: str) -> list[str]:
    """The lines of a list beside the tests; what is no text stands there as an escape."""
    lines = (Path(__file__).parent / name).read_text(encoding="utf-8").splitlines()
    return [re.sub(r"\\\\|\\[nrt]|\\x1b", lambda m: _ESCAPES[m[0]], line) for line in lines]


_ESCAPES = {"\\\\": "\\", "\\n": "\n", "\\r": "\r", "\\t": "\t", "\\x1b": "\x1b"}
COMMANDS_AND_DOCUMENTS = listed("secret_syntaxes.txt")


def canaries():
    """(canary, text that holds it) of every syntax, key and encoding; each canary is met once."""
    number = 0
    for encoding, encode in ENCODINGS.items():
        for key in KEYS:
            for syntax in SYNTAXES:
                number += 1
                value = f"Cnry{number:05d}zQ7x"
                yield (
                    value,
                    encode(f"see {syntax.format(k=key, v=value)} end")
                    if encoding != "base64"
                    else encode(syntax.format(k=key, v=value)),
                )
    for syntax in COMMANDS_AND_DOCUMENTS:
        number += 1
        value = f"Cnry{number:05d}zQ7x"
        yield value, f"2026-11-23 nova.x [-] {syntax.replace('{v}', value)} tail 42"
    for syntax in (*OTHERS, *UNANNOUNCED):
        number += 1
        value = f"Cnry{number:05d}zQ7x"
        yield value, f"see {syntax.format(v=value, u=f'CANARY{number:05d}ABCDEFGH')} end"


CORPUS = list(canaries())


def test_the_corpus_is_large():
    """At least a thousand secrets, all different."""
    assert len({value for value, _ in CORPUS}) >= 1000


def test_every_rule_is_a_pattern_that_names_what_it_masks():
    """They are made ready one by one, when their words are met."""
    for rules in SHAPES.values():
        assert all(compiled(pattern).groupindex for pattern, _ in rules)


def test_no_canary_is_left():
    """Every one is masked, in whatever syntax and encoding it stands."""
    left = [(text, mask(text).text) for value, text in CORPUS if value in mask(text).text or mask(text).count == 0]
    assert left == []


def test_masking_again_changes_nothing():
    """A masked text is masked."""
    for _, text in CORPUS:
        once = mask(text).text
        assert mask(once).text == once


def test_what_stands_around_a_secret_stays():
    """The head of the line before each, always; what follows it unless the secret's end cannot be told."""
    kept = 0
    for syntax in COMMANDS_AND_DOCUMENTS:
        shown = mask(f"2026-11-23 nova.x [-] {syntax.replace('{v}', 'Cnry00001zQ7x')} tail 42").text
        assert shown.startswith("2026-11-23 nova.x [-] "), shown
        kept += shown.endswith(" tail 42")
    assert kept > len(COMMANDS_AND_DOCUMENTS) * 0.8


@example("1=<1111>")
@given(st.text(alphabet="ab1:=\"'\\ ,@/%2567&;<>pwdtoken\n", max_size=60))
def test_masking_twice_is_masking_once(text):
    """Whatever stands in it."""
    once = mask(f"token={text}").text
    assert mask(once).text == once


@pytest.mark.parametrize("format_name", FORMATS)
def test_no_canary_comes_out_of_any_report(format_name):
    """Faults, reasons, steps, samples, quotes and file names of a case full of secrets show none of them."""
    case = analysed(RACE)
    texts = [text for _, text in CORPUS]
    part = len(texts) // len(case.migrations)
    moves = []
    for number, move in enumerate(case.migrations):
        own = texts[number * part : (number + 1) * part + len(OTHERS)]
        steps = tuple(changed(move.timeline[0], text=text) for text in own)
        moves.append(replace(move, fault=" ".join(own[:200]), timeline=(*move.timeline, *steps)))
    quotes = {f.evidence[0].provenance: "\n".join(texts[-200:]) for f in case.findings}
    case = replace(case, migrations=tuple(moves), quotes=quotes)
    shown = pipeline.render(format_name, "correlate", case)
    assert "Cnry" not in shown
    subject = pipeline.subject_of(case, case.migrations[0].instance_uuid)
    explained = pipeline.render(format_name, "explain", case, subject)
    assert "Cnry" not in explained
    assert "MASKED" in explained


def test_what_is_no_secret_stays():
    """Ordinary lines of Nova are not touched."""
    for folder in (FIXTURES / "real-nova", FIXTURES / "at-info", INCIDENT):
        for path in folder.rglob("*.log"):
            text = path.read_text(encoding="utf-8", errors="replace")
            masked = mask(text)
            assert masked.count == 0, (path, masked.raw)
    assert (
        mask("{'token':'abc','server':'keepme','name':'web'}").text
        == "{'token':'[MASKED:token]','server':'keepme','name':'web'}"
    )
    assert mask("X-Auth-Token: {SHA256}abcdef0123").count == 0
    assert mask("password=abc123x [a] [b] [c]").text == "password=[MASKED:password] [a] [b] [c]"
    asks = (
        "failed with credentials {'is_admin': True, 'user_id': '8f1d3a55b7f24b0c9be2f9a1c0d4e6b7', 'roles': ['admin']}"
    )
    assert mask(asks).count == 0
    assert (
        mask(json.dumps({"credentials": {"is_admin": True, "user_id": "u", "auth_token": "Zq7xCnry00001"}})).count == 1
    )
    assert mask("http://host:8774/v2/x?mail=a@b.c").count == 0
    assert mask("sos/etc/passwd: no log lines found").count == 0
    assert mask("user/passwd: Zq7xCnry00001").count == 1


@pytest.mark.parametrize("text", [*NO_SECRETS, *listed("ordinary_lines.txt")])
def test_names_and_ids_are_not_taken_for_secrets(text):
    """UUIDs, request ids, hosts, addresses and sentences without a secret stay as they are."""
    assert mask(text).text == text


HOSTILE = {
    "curl": "curl -u ", "logins": "a:bbbb@", "nested": "token={", "nested lists": 'token=[["', "spelled": "%41", "hashes": "$6$",
    "pairs": "name=password value=", "elements": "<secret a='", "sentences": "password is set to ", "attributes": "<token a='b' ",
    "words": "password", "keys": "password=", "urls": "a://", "hosts": "a://b:1/@", "quotes": 'password="', "backslashes": "token='\\\\'",
    "percents": "token%25", "jwt": "eyJ", "pem": "-----BEGIN RSA PRIVATE KEY-----", "lists": 'token=["a","',
    "base64": "cGFzc3dvcmQ6IGh1bnRlcjIyIHp6enp6 ",
    "entities": "token&amp;amp;", "one run": "A", "elements in a row": "password=a<",
    "piped": "echo 'a", "names": " -u a ", "covered": "p\x1b[0m", "octal": "\\160",
    "rows": "insert into x (passw) values (", "dumped": "61 ", "erlang": '{password, <<"', "said": "password for ",
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_time_is_linear_on_hostile_lines(name):
    """Ten times the text takes no more than some ten times the steps: no stretch is read over and over."""
    text = HOSTILE[name]

    def seconds(size: int) -> float:
        line = text * (size // len(text))
        best = float("inf")
        for _ in range(2):
            began = time.process_time()
            mask(line)
            best = min(best, time.process_time() - began)
        return best

    assert seconds(200_000) < 40 * max(seconds(20_000), 0.002)  # a quadratic rule takes a hundred times as long


def test_pseudonyms_hide_names_and_keep_verdicts(tmp_path, monkeypatch):
    """No name of the case is left in any format; what happened is; the map stays here, for its owner's eyes."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    case = analysed(RACE)
    sharing = Sharing(redact=True, case_file=tmp_path / "mine.sqlite")
    names = {m.user_id for m in case.migrations} | {m.project_id for m in case.migrations}
    names |= {e.node for e in case.evidence} - {None}
    for format_name in FORMATS:
        shown = pipeline.render(format_name, "correlate", case, sharing=sharing)
        assert not [name for name in names if name in shown], format_name
    report = json.loads(pipeline.render("json", "correlate", case, sharing=sharing))
    plain = json.loads(pipeline.render("json", "correlate", case))
    assert [b["verdict"] for b in report["bursts"]] == [b["verdict"] for b in plain["bursts"]]
    again = json.loads(pipeline.render("json", "correlate", case, sharing=sharing))
    assert again == report
    folder = tmp_path / "novatrace" / "redaction"
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}
    alias = report["bursts"][-1]["target"]["host"]
    assert pipeline.revealed(alias) == [plain["bursts"][-1]["target"]["host"]]


def test_pseudonyms_depend_on_key_and_name_alone():
    """Order and neighbours change nothing; another key is another world."""
    one, other = Pseudonyms(b"k" * 32), Pseudonyms(b"k" * 32)
    for name in ("cn1.dc.example", "cn2.dc.example", "ctl1"):
        one.learn("host", name)
    for name in ("ctl1", "cn2.dc.example", "cn1.dc.example"):
        other.learn("host", name)
    text = "cn1 sent to CN2.dc.example:8774 and cn1_dc, 10.0.0.7, 10.0.0.8, fe80::1%eth0, 52:54:00:12:34:56, a@dc.example at 10:11:12"
    assert one.in_text(text) == other.in_text(text)
    assert "cn1" not in one.in_text(text).lower()
    assert "10:11:12" in one.in_text(text)
    first, second = re.findall(r"net-\w+(?=\.ip-)", one.in_text(text))[:2]
    assert first == second
    assert one.alias("host", "ctl1") != Pseudonyms(b"x" * 32).alias("host", "ctl1")


def test_the_gate_finds_what_is_hidden_from_the_eye():
    """A raw value is found as it is, escaped, encoded; a longer word that holds it is no leak."""
    for shown in (
        "cn-01",
        "cn\\-01",
        quote("x cn-01 y"),
        base64.b64encode(b"here is cn-01 again").decode(),
        "&#99;n-01",
        "c\u2060n-01",
    ):
        assert leaks(f"text {shown} text", {"cn-01"}), shown
    assert not leaks("text cn-012 text", {"cn-01"})
    assert leaks("amqp://u:pass1@host", set())


def test_a_report_that_would_leak_is_withheld(tmp_path, monkeypatch):
    """A rule that fails open is caught by the gate: nothing is written, exit code 5."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    redaction = Redaction(raw={"hunter2hunter2"})
    with pytest.raises(LeakError) as caught:
        passed("the password is hunter2hunter2 here", redaction, Sharing(), what="x")
    assert caught.value.exit_code == 5
    assert "hunter2" not in caught.value.message


def test_an_error_in_a_rule_withholds_the_text(monkeypatch):
    """Fail closed."""
    monkeypatch.setattr("novatrace.reports.redaction.mask", lambda _text: 1 / 0)
    move = analysed(RACE).migrations[0]
    done = Redaction().of(replace(analysed(RACE), migrations=(replace(move, fault="something"),)))
    assert done.migrations[0].fault == "[WITHHELD: redaction error]"


def test_redact_on_the_command_line(novatrace):
    """--redact, --redact-words and case reveal, end to end."""
    words = Path(novatrace.env["XDG_STATE_HOME"]) / "words"
    words.write_text("MEMORY_MB\n", encoding="utf-8")
    done = novatrace("correlate", RACE, "-q", "--redact-words", words)
    assert done.returncode == 0, done.stderr
    text = done.stdout.decode()
    assert "compute-02" not in text
    assert "MEMORY_MB" not in text
    alias = re.search(r"host-[a-z2-7]{10}(?= was over-committed)", text)[0]
    assert novatrace("case", "reveal", alias).stdout.decode() == "compute-02\n"
    assert novatrace("case", "reveal", "host-nobody").returncode == 2


@pytest.mark.parametrize(
    "text",
    [
        "private_key = -----BEGIN RSA PRIVATE KEY-----\nMIIECnry\nCnry\n-----END RSA PRIVATE KEY-----",
        "password: x-----BEGIN PRIVATE KEY-----\nMIIECnry\n-----END PRIVATE KEY-----",
        'secret="-----BEGIN PGP PRIVATE KEY BLOCK-----" and\nMIIECnry',
    ],
)
def test_a_key_goes_on_behind_the_line_of_its_name(text):
    """The value of an option ends with its line; a private key in it does not."""
    assert "Cnry" not in mask(text).text


def test_names_that_only_an_account_has_are_replaced(tmp_path, monkeypatch):
    """A node that only lines name, the path of another input, and the shape of a line that no layout fits."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    line = "2026-11-23 00:05:14.957 7 INFO nova.compute.claims [-] Claim successful on node zebra-77\n"
    (tmp_path / "messages").write_text(
        f"2026-11-23T00:05:14.958000+00:00 zebra-77 nova-compute[7]: {line}"
        f"2026-11-23T00:05:15.000000+00:00 okapi-5 nova-compute[7]: {line}"
    )
    case = pipeline.analyse(pipeline.RunOptions((str(tmp_path / "messages"),)))
    (coverage,) = case.coverage
    assert set(coverage.nodes) == {"zebra-77", "okapi-5"}
    coverage.also_in["/srv/logs/zebra-77/journal.txt"] = 1
    coverage.add_shape("what okapi-5 said, password=hunter2hunter2", 1, 9)
    sharing = Sharing(redact=True, case_file=tmp_path / "mine.sqlite")
    for command in ("inspect", "correlate"):
        shown = pipeline.render("json", command, case, sharing=sharing)
        assert not [name for name in ("zebra-77", "okapi-5", "hunter2") if name in shown]
