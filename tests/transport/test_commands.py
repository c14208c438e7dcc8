"""What a command line gives over a real SSH connection."""

from __future__ import annotations

import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from runbook.errors import Unreachable

if TYPE_CHECKING:
    from .conftest import Lab

MEGABYTE = 1024 * 1024


@pytest.mark.parametrize("code", [0, 1, 127, 255])
def test_exit_codes(lab: Lab, code: int) -> None:
    reply = lab.ssh().execute(lab.server(lab.sshd()), f"exit {code}")
    assert (reply.exit_code, reply.stdout, reply.stderr, reply.why) == (code, b"", b"", "")


def test_the_streams_are_kept_apart(lab: Lab) -> None:
    reply = lab.ssh().execute(lab.server(lab.sshd()), "say out err")
    assert (reply.exit_code, reply.stdout, reply.stderr) == (3, b"out", b"err")


def test_twenty_megabytes_on_each_stream_at_once(lab: Lab) -> None:
    reply = lab.ssh().execute(lab.server(lab.sshd()), f"flood {20 * MEGABYTE}", deadline=300)
    assert (reply.exit_code, len(reply.stdout), len(reply.stderr)) == (
        *(0, 20 * MEGABYTE),
        20 * MEGABYTE,
    )


def test_too_much_output_is_not_finished(lab: Lab) -> None:
    ssh, server = lab.ssh(), lab.server(lab.sshd())
    reply = ssh.execute(server, f"flood {8 * MEGABYTE}", limit=MEGABYTE)
    assert (reply.exit_code, reply.why) == (None, f"more than {MEGABYTE} bytes of output")
    assert ssh.execute(server, "exit 0").exit_code == 0


@pytest.mark.parametrize("size", [0, 5, 32768, 1_000_000])
def test_stdin_arrives_whole(lab: Lab, size: int) -> None:
    reply = lab.ssh().execute(lab.server(lab.sshd()), "count", stdin=b"x" * size)
    assert (reply.exit_code, reply.stdout) == (0, str(size).encode())


def test_a_command_may_leave_its_input_unread(lab: Lab) -> None:
    reply = lab.ssh().execute(lab.server(lab.sshd()), "exit 4", stdin=b"x" * 4_000_000)
    assert reply.exit_code == 4


def test_a_passed_deadline_is_not_finished(lab: Lab) -> None:
    ssh, server = lab.ssh(), lab.server(lab.sshd())
    ssh.connect(server)
    reply = ssh.execute(server, "hang", deadline=0.3)
    assert (reply.exit_code, reply.why) == (None, "the deadline passed")
    assert reply.stdout == b"begun"


def test_a_deadline_is_in_the_targets_seconds(lab: Lab) -> None:
    ssh, server = lab.ssh(clock=100.0), lab.server(lab.sshd())
    ssh.connect(server)
    assert ssh.execute(server, "hang", deadline=20).why == "the deadline passed"


def test_deadlines_have_a_floor_in_our_seconds(lab: Lab) -> None:
    ssh, server = lab.ssh(clock=1e9, shortest=10.0), lab.server(lab.sshd())
    assert ssh.execute(server, "exit 0", deadline=1).exit_code == 0


def test_a_deadline_ends_a_stuck_upload(lab: Lab) -> None:
    reply = lab.ssh().execute(
        lab.server(lab.sshd()), "hang", stdin=b"x" * 50 * MEGABYTE, deadline=0.5
    )
    assert (reply.exit_code, reply.why) == (None, "the deadline passed")


def test_after_a_deadline_others_go_on_and_new_ones_get_a_new_connection(lab: Lab) -> None:
    sshd = lab.sshd()
    ssh, server = lab.ssh(), lab.server(sshd)
    ssh.connect(server)
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(ssh.execute, server, "meet 2")
        assert ssh.execute(server, "hang", deadline=0.3).exit_code is None
        assert ssh.execute(server, "meet 2").exit_code == 0
        assert slow.result().exit_code == 0
    assert len(sshd.connections) == 2


def test_several_commands_share_one_connection(lab: Lab) -> None:
    sshd = lab.sshd()
    ssh, server = lab.ssh(), lab.server(sshd)
    with ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(lambda _: ssh.execute(server, "meet 8"), range(8)))
    assert {reply.exit_code for reply in replies} == {0}
    assert len(sshd.connections) == 1


def test_more_commands_than_channels_take_turns(lab: Lab) -> None:
    sshd = lab.sshd()
    ssh, server = lab.ssh(), lab.server(sshd)
    with ThreadPoolExecutor(20) as pool:
        replies = list(pool.map(lambda _: ssh.execute(server, "exit 0"), range(40)))
    assert {reply.exit_code for reply in replies} == {0}
    assert len(sshd.connections) == 1


def test_no_free_channel_in_time(lab: Lab) -> None:
    ssh, server = lab.ssh(), lab.server(lab.sshd())
    ssh.connect(server)
    with ThreadPoolExecutor(8) as pool:
        waiting = [pool.submit(ssh.execute, server, "meet 9") for _ in range(8)]
        with pytest.raises(Unreachable, match="no free channel"):
            ssh.execute(server, "exit 0", deadline=0.3)
        ssh.close(server)
        assert {one.result().exit_code for one in waiting} == {None}


def test_nagle_is_off(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[socket.socket] = []
    plain = socket.create_connection

    def watched(*args: Any, **options: Any) -> socket.socket:
        made.append(plain(*args, **options))
        return made[-1]

    monkeypatch.setattr(socket, "create_connection", watched)
    lab.ssh().connect(lab.server(lab.sshd()))
    assert made[0].getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
    assert made[0].getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)


def test_a_connection_lost_in_mid_command_is_never_exit_0(lab: Lab) -> None:
    sshd = lab.sshd()
    ssh, server = lab.ssh(), lab.server(sshd)
    reply = ssh.execute(server, "drop")
    assert (reply.exit_code, reply.why) == (None, "the connection was lost in mid-command")
    assert ssh.execute(server, "exit 0").exit_code == 0
    assert len(sshd.connections) == 2


def test_a_command_that_is_killed_has_no_exit_code(lab: Lab) -> None:
    reply = lab.ssh().execute(lab.server(lab.sshd()), "killed")
    assert reply.exit_code is None
    assert "without an exit code" in reply.why


def test_a_server_that_was_restarted_is_connected_to_again(lab: Lab) -> None:
    sshd = lab.sshd()
    ssh, server = lab.ssh(), lab.server(sshd)
    assert ssh.execute(server, "exit 0").exit_code == 0
    lab.stop(sshd)
    with pytest.raises(Unreachable, match=r"cannot be reached|is lost"):
        ssh.execute(server, "exit 0")
    lab.listen(sshd, port=sshd.port)
    assert ssh.execute(server, "exit 0").exit_code == 0


def test_a_listener_that_never_answers(lab: Lab) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        sshd = lab.sshd()
        sshd.port, real = silent.getsockname()[1], sshd.port
        ssh = lab.ssh(connect_deadline=0.5)
        with ThreadPoolExecutor(6) as pool:
            server = lab.server(sshd)
            tried = [pool.submit(ssh.execute, server, "exit 0") for _ in range(6)]
            errors = [one.exception() for one in tried]
        assert [type(error) for error in errors] == [Unreachable] * 6, errors
        assert "SSH did not come about" in str(errors[0])
        assert len({id(error) for error in errors}) < 6  # they waited together
        sshd.port = real


def test_nothing_listens(lab: Lab) -> None:
    sshd = lab.sshd()
    server = lab.server(sshd)
    lab.stop(sshd)
    with pytest.raises(Unreachable, match=r"node00 \(127\.0\.0\.1:\d+\) cannot be reached"):
        lab.ssh().execute(server, "exit 0")


def test_no_thread_is_left_behind(lab: Lab) -> None:
    ssh, server = lab.ssh(), lab.server(lab.sshd())
    before = threading.active_count()
    for _ in range(3):
        assert ssh.execute(server, "exit 0", deadline=0.5).exit_code == 0
    ssh.close()
    until = time.monotonic() + 30
    while threading.active_count() > before and time.monotonic() < until:
        threading.Event().wait(0.05)
    assert threading.active_count() <= before


def test_a_stream_to_another_address(lab: Lab) -> None:
    ssh, server = lab.ssh(), lab.server(lab.sshd())
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        stream = ssh.open_stream(server, "127.0.0.1", port, 10.0)
        other, _ = listener.accept()
        with other:
            stream.sendall(b"hello")
            assert other.recv(5) == b"hello"
        stream.close()
    with pytest.raises(ConnectionError):
        ssh.open_stream(server, "127.0.0.1", port, 10.0)
