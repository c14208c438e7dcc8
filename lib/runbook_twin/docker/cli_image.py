"""`docker images` and `docker rmi`."""

from __future__ import annotations

from runbook_twin.docker import images as image_names
from runbook_twin.docker.cli import Cli, Command
from runbook_twin.docker.cli_ps import print_rows
from runbook_twin.docker.failures import DaemonError
from runbook_twin.docker.flags import Usage
from runbook_twin.docker.images import Image
from runbook_twin.docker.listing import Row
from runbook_twin.docker.text import duration, go_time_words, size

IMAGE_COLUMNS = {
    "REPOSITORY": "Repository",
    "TAG": "Tag",
    "DIGEST": "Digest",
    "IMAGE ID": "ID",
    "CREATED": "CreatedSince",
    "SIZE": "Size",
}


def _image_row(cli: Cli, image: Image, *, trunc: bool, digests: bool) -> Row:
    old = cli.client.old
    return {
        "Containers": "N/A",
        "CreatedAt": go_time_words(image.created, zone="UTC", fraction=False),
        "CreatedSince": f"{duration(cli.now - image.created, old=old)} ago",
        "Digest": f"sha256:{image.digest}" if digests and image.digest else "<none>",
        "ID": image.id[:12] if trunc else f"sha256:{image.id}",
        "Repository": image.repository,
        "SharedSize": "N/A",
        "Size": size(image.bytes, old=old),
        "Tag": image.tag,
        "UniqueSize": "N/A",
        "VirtualSize": size(image.bytes, old=old, digits=4),
    }


async def images(cli: Cli) -> int:
    """`docker images [REPOSITORY[:TAG]]`."""
    given = cli.given
    found = sorted(cli.engine.images, key=lambda image: -image.created)
    if given.arguments:
        repository, _, tag = given.arguments[0].partition(":")
        found = [i for i in found if i.repository == repository and tag in ("", i.tag)]
    digests = "digests" in given
    trunc = "no-trunc" not in given
    rows = [_image_row(cli, image, trunc=trunc, digests=digests) for image in found]
    if "quiet" in given:
        rows = list({row["ID"]: row for row in rows}.values())
    columns = {k: v for k, v in IMAGE_COLUMNS.items() if digests or v != "Digest"}
    return print_rows(cli, rows, columns)


async def rmi(cli: Cli) -> int:
    """`docker rmi`: untag; delete when no tag and no container needs it."""
    code = 0
    for name in cli.given.arguments:
        try:
            _remove_image(cli, name)
        except DaemonError as error:
            gone = error.status == 404 and not cli.client.old and not cli.client.new
            cli.err(f"Error: {error.message}\n") if gone else cli.refused(error)
            code = 1
    return code


def _remove_image(cli: Cli, name: str) -> None:
    image = cli.engine.find_image(name)
    if image is None:
        raise DaemonError(f"No such image: {image_names.normal(name)}", status=404)
    users = [one for one in cli.engine.containers if one.image_id == image.id]
    if users and "force" not in cli.given:
        raise DaemonError(
            f'conflict: unable to remove repository reference "{name}" (must force) - container '
            f"{users[0].short} is using its referenced image {image.id[:12]}",
            status=409,
        )
    cli.engine.images.remove(image)
    cli.out(f"Untagged: {image.reference}\n")
    if all(other.id != image.id for other in cli.engine.images):
        cli.out(f"Deleted: sha256:{image.id}\n")


COMMANDS = (
    Command(
        Usage(
            "docker images",
            "[REPOSITORY[:TAG]]",
            "List images",
            "a,all q,quiet no-trunc digests f,filter= format=",
            0,
            1,
        ),
        images,
    ),
    Command(
        Usage("docker rmi", "IMAGE [IMAGE...]", "Remove one or more images", "f,force", 1, None),
        rmi,
    ),
)
