r"""Secrets in the arguments and the input of commands: ``ipmitool -P X``, ``echo X | sudo -S``, ``-u nova -p X``.

Command lines stand in logs as they were typed, or as a list of quoted arguments; both forms are known to every rule. Each
rule is (literal words, pattern, kind): it starts at one of the words and looks forward over a bounded stretch.
"""

from __future__ import annotations

Rule = tuple[tuple[str, ...], str, str]

_QUOTED = r"\\?'(?P<{0}>[^'\\]+)\\?'|\\?\"(?P<{1}>[^\"\\]+)\\?\""
ARGUMENT = "(?:" + _QUOTED.format("a", "b") + r"|(?P<c>[^\s'\",]+))"
SECOND = "(?:" + _QUOTED.format("d", "e") + r"|(?P<f>[^\s'\",]+))"
_GAP = r"(?:\s{1,4}|['\"],\s{0,2}[ub]?(?=['\"]))"
_BEFORE = r"\b[^\n|]{0,300}?(?:\s|[\s,\[][ub]?['\"])"
_NO_PORT = r"(?!['\"]?\d{1,5}(?:[\s'\",:]|$))"
_A_WORD = r"(?=[^\s'\"|]{0,100}\d)"
_NAME = r"['\"]?[^\s'\",:|]{1,64}"

# An option of one command: (words that it is found by, the command, the option).
_OPTIONS = (
    (("curl",), "curl", r"--(?:oauth2-bearer)"),
    (("ipmitool",), "ipmitool", "-P"),
    (("fence_",), r"fence_\w{1,24}", "-p"),
    (("ldap",), r"ldap(?:search|modify|add|passwd|whoami|delete)", "-w"),
    (("redis-cli",), "redis-cli", "-a"),
    (("mongo",), r"mongo(?:sh|dump|restore)?", "-p"),
    (("openssl",), "openssl", r"(?:-k|passwd -\d)"),
    (("keytool",), "keytool", r"-(?:store|key)pass"),
    (("ssh-keygen",), "ssh-keygen", "-[NP]"),
    (("zip",), r"(?:un)?zip", "-P"),
    (("useradd", "usermod"), r"user(?:add|mod)", "-p"),
    (("ceph", "rbd"), r"(?:ceph|rbd)", "--key"),
    (("influx",), "influx", "-password"),
    (("docker login", "podman login"), r"(?:docker|podman) login", "-p"),
    (("snmp",), r"snmp\w{1,12}", "-[cAX]"),
    (("etcdctl", "curl"), r"(?:etcdctl|curl)", rf"(?:-u|--user|--proxy-user)[ =]?{_NAME}:"),
    (("curl",), "curl", rf"-E{_GAP}{_NAME}:"),
    (("smbclient", "net ads"), r"(?:smbclient|net ads)", rf"-U{_GAP}{_NAME}%"),
)  # fmt: skip
# A place among the arguments: (words, what stands before the secret).
_PLACES = (
    (("sshpass",), r"sshpass(?:\s{1,4}|['\"],\s{0,2}['\"])-p(?:['\"],\s{0,2}(?=['\"]))?\s{0,4}"),
    (("add_user", "change_password"), rf"(?:add_user|change_password){_GAP}{_NAME}{_GAP}"),
    (("set-password", "root-password"), rf"(?<!-)(?:set|root)-password{_GAP}{_NAME}{_GAP}(?!-)"),
    (("set-user-password",), rf"set-user-password(?:\s{{1,4}}--\w+)?{_GAP}{_NAME}{_GAP}{_NAME}{_GAP}"),
    (("htpasswd",), rf"htpasswd{_GAP}-\w*b\w*(?:{_GAP}{_NAME}){{1,2}}?{_GAP}(?=\S*\d)"),
    (("secret-set-value",), rf"secret-set-value{_GAP}(?!-){_NAME}{_GAP}(?!-)"),
    (("--base64",), rf"--base64{_GAP}{_A_WORD}"),
    (("configure set",), r"configure set [\w.]{0,40}(?:key|token|secret)\w{0,12}\s{1,4}"),
    (("psk ",), rf"psk\s{{1,4}}{_A_WORD}"),
    (("vault login",), r"vault login\s{1,4}(?!-)"),
    (("snmp-server",), r"snmp-server community\s{1,4}"),
    (("rootpw",), r"rootpw(?:\s{1,4}--\w+)?\s{1,4}(?!-)"),
    (("requirepass", "masterauth"), r"(?:requirepass|masterauth)\s{1,4}"),
    (("wpa_passphrase",), rf"wpa_passphrase{_GAP}{_NAME}{_GAP}"),
    (("net use",), r"net use \S{1,200}\s{1,4}(?!/)"),
    (("isql",), rf"isql{_GAP}{_NAME}{_GAP}{_NAME}{_GAP}(?!-)"),
    (("sqlplus", "jdbc:oracle:"), r"(?:sqlplus\s{1,4}(?:-\w{1,4}\s{1,4}){0,3}|jdbc:oracle:\w{1,8}:)[\w.]{1,64}/"),
    (("-pass",), r"-pass(?:in|out)? pass:"),
    (("/p:", "-p:"), r"(?<=\s)[/\-]p:(?=\S{0,64}[A-Za-z])"),
    (("password ",), rf"(?<=-password )password\s{{1,4}}{_A_WORD}|password(?<=root password)\s{{1,4}}{_A_WORD}"),
)
_READERS = r"(?:sudo\b[^|\n]{0,60}\s-\w*S|(?:sudo\s{1,4})?(?:\S{0,40}/)?(?:ch|smb)?passwd\b|kinit\b|cryptsetup\b|gpg\b)"
_TOLD = r"(?:-\w{1,4}\s{1,4}|'[^'\s]{0,8}%s[^'\s]{0,8}'\s{1,4}|\"[^\"\s]{0,8}%s[^\"\s]{0,8}\"\s{1,4}){0,3}"
_PIPED = r"(?:'(?:[\w.\-]{1,32}:)?(?P<a>[^'|]+)'|\"(?:[\w.\-]{1,32}:)?(?P<b>[^\"|]+)\"|(?:[\w.\-]{1,32}:)?(?P<c>[^\s'\"|:]+))"

_AFTER_A_NAME = (
    rf"[\s'\"]-(?:[uUl]|user)['\"]?(?:[\s=]|,\s?[ub]?(?=['\"])){_NAME}['\"]?(?:\s{{1,4}}-\w(?:\s[^\s\-]\S{{0,64}})?){{0,2}}"
    rf"(?:,?\s{{0,4}})['\"]?-[pP](?:{_GAP}|=)?{_NO_PORT}{ARGUMENT}"
)


def _of_an_option(command: str, option: str) -> str:
    return rf"{command}{_BEFORE}{option}(?:{_GAP}|=)?{_NO_PORT}{ARGUMENT}"


RULES: tuple[Rule, ...] = (
    *((words, _of_an_option(command, option), "password") for words, command, option in _OPTIONS),
    *((words, rf"{before}{ARGUMENT}", "password") for words, before in _PLACES),
    (("mysql",), rf"mysql(?:dump|admin|show|import)?['\"]?(?=[\s,]){_BEFORE}-p{ARGUMENT}", "password"),
    (("7z",), rf"7z[ar]?{_BEFORE}-p{ARGUMENT}", "password"),
    (("snmp",), rf"snmp\w{{1,12}}{_BEFORE}-A{_GAP}{ARGUMENT}[^\n|]{{0,60}}?\s-X{_GAP}{SECOND}", "password"),
    # Whatever the command: a user's name and then a password.
    (
        (" -u", "'-u", '"-u', " -l ", "'-l'", '"-l"'),
        _AFTER_A_NAME,
        "password",
    ),
    (("echo ", "printf "), rf"(?:echo|printf)\s{{1,4}}{_TOLD}{_PIPED}\s{{0,4}}\|\s{{0,4}}{_READERS}", "password"),
    (("<<<",), rf"(?<!<)<<<(?!<)\s{{0,4}}(?:(?=['\"])|{_A_WORD}){ARGUMENT}", "password"),
)
