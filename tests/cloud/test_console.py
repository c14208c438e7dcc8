"""Host keys from console logs, in the words of cloud-init and CoreOS."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from runbook.cloud import host_key_fingerprints, host_keys

ED = "AAAAC3NzaC1lZDI1NTE5AAAAIBsT6YGsjfhRQRzYAnOnFp0WHi3gBVZLsrUJCnzt8Lch"
ED_PRINT = "SHA256:8YP6mBErlPCwkc8/dXGuDL4KDjLzLOHAtO8LiRsMqGU"
RSA_PRINT = "SHA256:" + "r" * 43
CONSOLE = f"""\
[   11.022113] cloud-init[623]: Generating public/private rsa key pair.\r
ci-info: | Keytype |                Fingerprint (sha256)                | Options | Comment |
ci-info: | ssh-rsa | 12 SHA256:{"a" * 43} (RSA)                       |    -    | me@here |
<14>Nov 22 20:00:01 ec2: #############################################################
<14>Nov 22 20:00:01 ec2: -----BEGIN SSH HOST KEY FINGERPRINTS-----
<14>Nov 22 20:00:01 ec2: 256 SHA256:{"e" * 43} root@node00 (ECDSA)
<14>Nov 22 20:00:01 ec2: 2048 {RSA_PRINT} root@node00 (RSA)
<14>Nov 22 20:00:01 ec2: -----END SSH HOST KEY FINGERPRINTS-----
-----BEGIN SSH HOST KEY KEYS-----
ssh-ed25519 {ED} root@node00
ssh-rsa {ED} of another type
ecdsa-sha2-nistp256 AAAA root@node00
-----END SSH HOST KEY KEYS-----
"""


def test_keys_stand_in_their_block() -> None:
    assert host_keys(CONSOLE * 2) == [("ssh-ed25519", ED)]
    assert host_keys(CONSOLE.replace("-----END", "-----")) == []


def test_fingerprints_of_hosts_only() -> None:
    found = host_key_fingerprints(CONSOLE)
    assert len(found) == 3 and {"SHA256:" + "e" * 43, RSA_PRINT} < found
    assert "SHA256:" + "a" * 43 not in found


def test_single_lines() -> None:
    lines = (
        f"ec2: 256 {ED_PRINT} root@x (ED25519)\n"
        f"SSH host key: {RSA_PRINT} (RSA)\n"
        "SSH host key: aa:bb:cc:dd:ee:ff:00:11:22:33:44:55:66:77:88:99 (DSA)\n"
        f"somebody said 256 SHA256:{'x' * 43} root@x (ED25519)\n"
    )
    md5 = "MD5:aa:bb:cc:dd:ee:ff:00:11:22:33:44:55:66:77:88:99"
    assert host_key_fingerprints(lines) == {ED_PRINT, RSA_PRINT, md5}


@given(st.text())
def test_any_text_is_read(text: str) -> None:
    assert host_keys(f"-----BEGIN SSH HOST KEY KEYS-----{text}") == []
    block = f"-----BEGIN SSH HOST KEY KEYS-----\n{text}\n-----END SSH HOST KEY KEYS-----"
    assert isinstance(host_key_fingerprints(block), set)
