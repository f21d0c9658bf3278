"""Words that announce a secret, as keys of options, headers, documents and sentences; the kind is what the mask says."""

from __future__ import annotations

# Words that a key ends with or holds.
WORDS = {
    "password": "password", "passwd": "password", "passphrase": "password", "adminpass": "password", "admin_pass": "password",
    "passcode": "password", "_pass": "password", "-pass": "password", "pwd": "password", "secret": "secret", "token": "token",
    "apikey": "key", "api_key": "key", "api-key": "key", "accesskey": "key", "privatekey": "key", "accountkey": "key", "_key": "key",
    "_pw": "password", "-pw": "password", "bindpw": "password", "'pass": "password", '"pass': "password", "_psk": "key",
    "sessionid": "token", "session_id": "token", "connect.sid": "token", "samlresponse": "token", "samlrequest": "token",
    "sessid": "token", "?sig": "key", "&sig": "key", "injected_files": "body", "credential": "secret",
    "auth_username": "secret", "auth_data": "secret", "user_data": "body", "userdata": "body", "contents": "body",
    "configdrive": "body", "signature": "key", "_sig": "key", "hashpath": "secret", "snmp_community": "secret", "snmp-community": "secret",
    "community_string": "secret", "keypass": "password",
    "storepass": "password", "sshpass": "password", "unlock_code": "password", "unlock code": "password", "recovery_code": "password",
    "recovery-code": "password", "backup_code": "password", "backup-code": "password", "one-time code": "password",
    "api key": "key", "api.key": "key", "access key": "key", "private key": "key", "secret key": "key", "shared key": "key",
    "key material": "key", "key_material": "key", "passkey": "password", "keyphrase": "password", "presharedkey": "key",
    "client-key-data": "key",
    # In other spellings and languages.
    "passw0rd": "password", "p@ssw": "password", "pa$$w": "password", "pass_word": "password", "pass-word": "password",
    "pass.word": "password", "pass word": "password", "passwort": "password", "kennwort": "password", "contraseña": "password",
    "mot de passe": "password", "senha": "password", "пароль": "password", "密码": "password", "口令": "password",
}  # fmt: skip
# Words that are a key only by themselves, not inside a longer word. Of some of them the value must look like a secret.
ALONE = {"pass": "password", "otp": "password", "pin": "password", "psk": "key", "pw": "password", "pat": "token"}
LIKELY_ALONE = frozenset(["pass", "pin", "pat", "pw"])
# Words that a sentence puts before a secret, with no sign between them.
SAYING = frozenset([
    "password", "passwd", "passphrase", "passcode", "adminpass", "token", "secret", "_pass", "one-time code", "api key", "access key",
    "private key", "secret key",
])  # fmt: skip
HEADERS = {"authorization": "header", "cookie": "header"}
# Ends an option (``--encryption-key``) or a header (``X-Auth-Key``); elsewhere it is an ordinary word.
OPTION_KEY = "-key"
KINDS = {**WORDS, **ALONE, **HEADERS, OPTION_KEY: "key"}
