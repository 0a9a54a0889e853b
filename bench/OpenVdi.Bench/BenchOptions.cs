using System.Globalization;
using System.Reflection;
using OpenVdi.Bench.Contenders;
using OpenVdi.Bench.Harness;
using OpenVdi.Bench.Work;

namespace OpenVdi.Bench;

/// <summary>What `vdi bench transport` can be asked.</summary>
public sealed record BenchOptions
{
    /// <summary>One JSON object instead of the table.</summary>
    public bool Json { get; init; }

    /// <summary>A minute instead of a quarter of an hour: fewer rounds, sizes and wake-up runs.</summary>
    public bool Quick { get; init; }

    /// <summary>Rounds; 0 for the default of the mode.</summary>
    public int Rounds { get; init; }

    /// <summary>Transfer sizes in bytes; empty for the default of the mode.</summary>
    public IReadOnlyList<int> TransferBytes { get; init; } = [];

    /// <summary>Numbers of devices; empty for the default of the mode.</summary>
    public IReadOnlyList<int> Devices { get; init; } = [];

    /// <summary>Stamps only instead of copies: what the transport costs without the bytes.</summary>
    public bool TouchOnly { get; init; }

    /// <summary>Parts to run: throughput, roundtrip, idle, setup, wakeups; empty for all.</summary>
    public IReadOnlyList<string> Parts { get; init; } = [];

    /// <summary>Names of contenders; empty for all.</summary>
    public IReadOnlyList<string> Contenders { get; init; } = [];

    /// <summary>Runs of the wake-up campaign; 0 for the default of the mode.</summary>
    public int WakeUpRuns { get; init; }

    /// <summary>What the run was started with, for the report.</summary>
    public string CommandLine { get; init; } = string.Empty;

    /// <summary>The commit that was built, when known: what the build wrote into the version.</summary>
    public string? Commit { get; init; } = typeof(VdResult).Assembly
        .GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+').ElementAtOrDefault(1);

    /// <summary>The parts that there are.</summary>
    public static IReadOnlyList<string> PartNames { get; } = ["throughput", "roundtrip", "idle", "setup", "wakeups"];

    /// <summary>The names of the contenders that there are.</summary>
    public static IReadOnlyList<string> ContenderNames { get; } =
        [.. Enum.GetValues<ContenderKind>().Where(kind => kind != ContenderKind.FloorForgetful).Select(kind => kind.Name())];

    internal WorkKind Work => TouchOnly ? WorkKind.Touch : WorkKind.Copy;

    internal IReadOnlyList<int> EffectiveSizes =>
        TransferBytes.Count > 0 ? TransferBytes
        : Quick ? [64 * 1024, 1024 * 1024]
        : [64 * 1024, 256 * 1024, 1024 * 1024, 4 * 1024 * 1024];

    internal IReadOnlyList<int> EffectiveDevices => Devices.Count > 0 ? Devices : Quick ? [1, 4] : [1, 2, 4];

    internal int EffectiveWakeUpRuns => WakeUpRuns > 0 ? WakeUpRuns : Quick ? 1400 : 14000;

    internal Pace Pace => Quick
        ? new Pace(Rounds > 0 ? Rounds : 7, TimeSpan.FromMilliseconds(20), TimeSpan.FromMilliseconds(100))
        : new Pace(Rounds > 0 ? Rounds : 31, TimeSpan.FromMilliseconds(50), TimeSpan.FromMilliseconds(300));

    /// <summary>What is wrong with the options, in words; null when nothing is.</summary>
    public string? Problem() =>
        Rounds is < 0 or > 1000 ? $"rounds: expected 1 to 1000, found {Rounds}"
        : TransferBytes.FirstOrDefault(size => size is < 512 or > 16 * 1024 * 1024 || size % 512 != 0, 512) is not 512 and var bad
            ? string.Create(CultureInfo.InvariantCulture, $"bytes: expected a multiple of 512 up to 16 MiB, found {bad}")
        : Devices.FirstOrDefault(count => count is < 1 or > 16, 1) is not 1 and var many
            ? $"devices: expected 1 to 16, found {many}"
        : Parts.FirstOrDefault(part => !PartNames.Contains(part)) is { } part
            ? $"part '{part}': expected one of {string.Join(", ", PartNames)}"
        : Contenders.FirstOrDefault(name => !ContenderNames.Contains(name)) is { } contender
            ? $"contender '{contender}': expected one of {string.Join(", ", ContenderNames)}"
        : null;

    internal bool Has(string part) => Parts.Count == 0 || Parts.Contains(part);

    internal bool Has(ContenderKind kind) =>
        Contenders.Count == 0 ? kind != ContenderKind.Library : Contenders.Contains(kind.Name());
}
