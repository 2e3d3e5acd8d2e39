"""Who is in the demo. In: nothing; out: `MACHINES`. Names, addresses and sizes are invented; the addresses are reserved for examples."""

from __future__ import annotations

from duplistatus.ingest.demo.fleet import (
    GIB,
    KEEP_ALL,
    MIB,
    SATURDAY,
    SMART,
    SUNDAY,
    WEEKDAYS,
    Episode,
    Job,
    Machine,
    Retention,
    Rhythm,
    Schedule,
    Trouble,
)

_NAS_OSLO = Machine(
    name="nas-oslo",
    address="192.0.2.11",
    zone="Europe/Oslo",
    culture="nb-NO",
    system="Linux",
    system_detailed="Debian GNU/Linux 13 (trixie)",
    installation="linux-x64-cli.docker",
    destination="s3",
    destination_suffix=".backblazeb2.com",
    jobs=(
        Job(
            "Photos", 1, Rhythm.HOME, 84_000, 412 * GIB, Schedule(2, 0), SMART, growth=0.22, change=0.0009,
            former_name="Pictures", renamed_days_ago=371, imports=((296, 38 * GIB), (41, 11 * GIB)),
        ),
        Job("Documents", 2, Rhythm.HOME, 15_400, 11 * GIB, Schedule(1, 0), Retention(versions=30), growth=0.1, began_days_ago=655),
        Job("Home videos", 3, Rhythm.HOME, 2_100, 1_340 * GIB, Schedule(4, 30, SUNDAY), KEEP_ALL, change=0.0004, volume_size=500 * MIB),
    ),
)  # fmt: skip

_FILESERVER = Machine(
    name="fileserver",
    address="192.0.2.20",
    zone="Europe/Berlin",
    culture="de-DE",
    system="Windows",
    system_detailed="Microsoft Windows Server 2022 Standard",
    installation="win-x64-gui.msi",
    destination="ssh",
    log_lines=400,
    update_lag_days=30,
    uplink=11 * MIB,
    jobs=(
        Job(
            "Buchhaltung", 1, Rhythm.OFFICE, 41_000, 38 * GIB, Schedule(20, 30, WEEKDAYS), Retention(frames=((30, None), (365, 7))),
            hiccups=((Trouble.LOCKED_FILES, 0.05),),
        ),
        Job(
            "Projekte", 2, Rhythm.OFFICE, 212_000, 460 * GIB, Schedule(21, 15), SMART, growth=0.2, change=0.003,
            episodes=(Episode(Trouble.UNREACHABLE, 203, 201), Episode(Trouble.UNREACHABLE, 489, 487.5)),
            hiccups=((Trouble.LOCKED_FILES, 0.03),),
        ),
        Job("Personal", 3, Rhythm.OFFICE, 5_200, 6 * GIB, Schedule(20, 0, WEEKDAYS), Retention(days=365)),
        Job("Archiv", 4, Rhythm.OFFICE, 96_000, 890 * GIB, None, KEEP_ALL, growth=0.05, change=0.0002, volume_size=200 * MIB),
    ),
)  # fmt: skip

_OFFICE_PC = Machine(
    name="office-pc",
    address="198.51.100.7",
    zone="America/New_York",
    culture="en-US",
    system="Windows",
    system_detailed="Microsoft Windows 11 Pro",
    installation="win-x64-gui.msi",
    destination="onedrivev2",
    information=False,
    off_share=0.04,
    jobs=(
        Job("Documents", 1, Rhythm.OFFICE, 9_800, 7 * GIB, Schedule(12, 30, WEEKDAYS), SMART, change=0.004),
        Job(
            "Outlook", 2, Rhythm.OFFICE, 64, 23 * GIB, Schedule(18, 0, WEEKDAYS), Retention(versions=14), change=0.02,
            hiccups=((Trouble.LOCKED_FILES, 0.22),),
        ),
    ),
)  # fmt: skip

_ANNA_LAPTOP = Machine(
    name="anna-laptop",
    address="198.51.100.42",
    zone="Europe/London",
    culture="en-GB",
    system="MacOS",
    system_detailed="macOS 15.6",
    installation="osx-arm64-gui.dmg",
    destination="googledrive",
    off_share=0.12,
    silent_days=5.4,
    uplink=2 * MIB,
    jobs=(Job("Home folder", 1, Rhythm.HOME, 61_000, 88 * GIB, Schedule(13, 0), SMART, restores_a_year=1.2),),
)

_HELSINKI_WEB = Machine(
    name="helsinki-web",
    address="203.0.113.80",
    zone="Europe/Helsinki",
    culture="fi-FI",
    system="Linux",
    system_detailed="Ubuntu 24.04.3 LTS",
    installation="linux-x64-cli.docker",
    destination="s3",
    destination_suffix=".amazonaws.com",
    channel="Canary",
    update_lag_days=4,
    uplink=30 * MIB,
    jobs=(
        Job(
            "Website", 1, Rhythm.SERVER, 38_000, 19 * GIB, Schedule(3, 30), SMART, change=0.006,
            episodes=(Episode(Trouble.CREDENTIALS, 160, 148),),
        ),
        Job(
            "PostgreSQL dumps", 2, Rhythm.SERVER, 420, 31 * GIB, Schedule(0, 10, every_hours=6), Retention(frames=((7, None), (84, 7))),
            change=0.02, began_days_ago=239,
        ),
    ),
)  # fmt: skip

_TOKYO_STUDIO = Machine(
    name="tokyo-studio",
    address="203.0.113.131",
    zone="Asia/Tokyo",
    culture="ja-JP",
    system="MacOS",
    system_detailed="macOS 15.6",
    installation="osx-arm64-gui.dmg",
    destination="file",
    encrypted=False,
    uplink=60 * MIB,
    quota=5_300 * GIB,
    jobs=(
        Job("Projects", 1, Rhythm.OFFICE, 27_000, 310 * GIB, Schedule(22, 0, WEEKDAYS), SMART, growth=0.3, change=0.004),
        Job(
            "Footage", 2, Rhythm.OFFICE, 8_900, 3_100 * GIB, Schedule(23, 0, SATURDAY), KEEP_ALL, growth=0.35, change=0.0006,
            volume_size=1024 * MIB, episodes=(Episode(Trouble.NEARLY_FULL, 38),),
        ),
    ),
)  # fmt: skip

_MUMBAI_DEV = Machine(
    name="mumbai-dev",
    address="203.0.113.55",
    zone="Asia/Kolkata",
    culture="en-IN",
    system="Linux",
    system_detailed="Fedora Linux 42 (Workstation Edition)",
    installation="linux-x64-gui.rpm",
    destination="webdav",
    log_lines=100,
    update_lag_days=21,
    jobs=(
        Job("Repositories", 1, Rhythm.OFFICE, 310_000, 54 * GIB, Schedule(20, 30), SMART, change=0.005),
        Job(
            "Home", 2, Rhythm.OFFICE, 120_000, 140 * GIB, Schedule(21, 0), Retention(versions=60),
            episodes=(Episode(Trouble.DAMAGED_VOLUME, 76, 74), Episode(Trouble.DAMAGED_VOLUME, 611, 610)),
        ),
    ),
)  # fmt: skip

_HOMELAB = Machine(
    name="homelab",
    address="192.0.2.99",
    zone="UTC",
    culture="invariant",
    system="Linux",
    system_detailed="Debian GNU/Linux 12 (bookworm)",
    installation="linux-x64-cli.docker",
    destination="b2",
    jobs=(
        Job(
            "Container volumes", 1, Rhythm.SERVER, 52_000, 64 * GIB, Schedule(2, 15), SMART, change=0.005,
            episodes=(Episode(Trouble.MISSING_VOLUMES, 3.9), Episode(Trouble.STOPPED, 121, 120)),
        ),
        Job(
            "Home Assistant", 2, Rhythm.SERVER, 240, 3 * GIB, Schedule(2, 45), Retention(versions=14), change=0.03,
            began_days_ago=512, hiccups=((Trouble.UNREACHABLE, 0.008),),
        ),
        Job(
            "Paperless", 3, Rhythm.HOME, 18_500, 14 * GIB, Schedule(3, 0), Retention(days=180), began_days_ago=402,
            episodes=(Episode(Trouble.DENIED_FOLDER, 9.2),),
        ),
    ),
)  # fmt: skip

_LOJA_SP = Machine(
    name="loja-sp",
    address="203.0.113.201",
    zone="America/Sao_Paulo",
    culture="pt-BR",
    system="Windows",
    system_detailed="Microsoft Windows 10 Pro",
    installation="win-x64-gui.msi",
    destination="ftp",
    newest_version="2.1.0.5",
    uplink=1 * MIB,
    jobs=(
        Job("Vendas", 1, Rhythm.OFFICE, 3_300, 9 * GIB, Schedule(23, 0), SMART, change=0.006, hiccups=((Trouble.UNREACHABLE, 0.02),)),
        Job("Notas fiscais", 2, Rhythm.OFFICE, 74_000, 17 * GIB, Schedule(23, 30), Retention(versions=90), change=0.001),
    ),
)

MACHINES: tuple[Machine, ...] = (
    _NAS_OSLO,
    _FILESERVER,
    _OFFICE_PC,
    _ANNA_LAPTOP,
    _HELSINKI_WEB,
    _TOKYO_STUDIO,
    _MUMBAI_DEV,
    _HOMELAB,
    _LOJA_SP,
)
