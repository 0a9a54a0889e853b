using System.Runtime.InteropServices;
using OpenVdi.SharedMemory.Layout;

namespace OpenVdi.TestPeer;

/// <summary>A hostile peer: overwrites its own mapping of a live control area, which the other half shares.</summary>
/// <remarks>Buffer areas are left alone: their bytes are data, and nobody trusts them for anything.</remarks>
internal static unsafe class Scribbler
{
    private const int LineBytes = 64;
    private const int PageBytes = 4096;

    /// <summary>The slots that a small queue uses; the others are never looked at.</summary>
    private const int LiveSlotCount = 64;

    private static readonly Target[] s_targets =
    [
        new("magic", Part.Header, Of<ControlHeader>(nameof(ControlHeader.Magic)), 8),
        new("abort-word", Part.Header, Of<ControlHeader>(nameof(ControlHeader.AbortReason)), 4),
        new("abort-claim", Part.Header, Of<ControlHeader>(nameof(ControlHeader.AbortTextClaim)), 4),
        new("abort-length", Part.Header, Of<ControlHeader>(nameof(ControlHeader.AbortTextBytes)), 4),
        new("agent-wake", Part.Header, Of<ControlHeader>(nameof(ControlHeader.AgentWakeWord)), 4),
        new("area-count", Part.Header, Of<ControlHeader>(nameof(ControlHeader.BufferAreaCount)), 4),
        new("claim", Part.Device, Of<DeviceBlock>(nameof(DeviceBlock.Claim)), 4),
        new("passed", Part.Device, Of<DeviceBlock>(nameof(DeviceBlock.PassedCount)), 4),
        new("device-wake", Part.Device, Of<DeviceBlock>(nameof(DeviceBlock.WakeWord)), 4),
        new("device-bytes", Part.Device, Of<DeviceBlock>(nameof(DeviceBlock.BytesTransferred)), 8),
        new("command-sequence", Part.Command, Of<CommandSlot>(nameof(CommandSlot.Sequence)), 4),
        new("command-tag", Part.Command, Of<CommandSlot>(nameof(CommandSlot.Tag)), 4),
        new("command-code", Part.Command, Of<CommandSlot>(nameof(CommandSlot.Code)), 4),
        new("command-size", Part.Command, Of<CommandSlot>(nameof(CommandSlot.Size)), 4),
        new("command-handle", Part.Command, Of<CommandSlot>(nameof(CommandSlot.BufferHandle)), 4),
        new("command-epoch", Part.Command, Of<CommandSlot>(nameof(CommandSlot.ErrorEpoch)), 4),
        new("done-sequence", Part.Completion, Of<CompletionSlot>(nameof(CompletionSlot.Sequence)), 4),
        new("done-tag", Part.Completion, Of<CompletionSlot>(nameof(CompletionSlot.Tag)), 4),
        new("done-code", Part.Completion, Of<CompletionSlot>(nameof(CompletionSlot.Code)), 4),
        new("done-bytes", Part.Completion, Of<CompletionSlot>(nameof(CompletionSlot.BytesTransferred)), 4),
        new("done-fetched", Part.Completion, Of<CompletionSlot>(nameof(CompletionSlot.FetchedCount)), 4),
    ];

    private enum Part
    {
        Header,
        Device,
        Command,
        Completion,
    }

    /// <summary>All kinds of mutation, random and aimed.</summary>
    public static IReadOnlyList<string> Kinds { get; } =
        ["bytes", "line", "page", "zero", "ones", "garbage", "replay", .. s_targets.Select(static target => target.Kind)];

    public static void Run(Request request, EventWriter events)
    {
        var random = new Random((int)request.Number("seed", 0));
        string kind = request["kind"];
        // A run has one set at a time, and the mappings of closed sets are gone; the name tells it from buffer areas.
        MappedRange area = MappedRange.OfThisProcess().First(static range => range.IsControlArea);
        var bytes = new Span<byte>((void*)area.Address, checked((int)area.SizeBytes));
        string what = Mutate(bytes, kind, random);
        events.Write("scribbled", request["run"], ("kind", kind), ("what", what), ("area", area.Name), ("size", area.SizeBytes));
    }

    private static string Mutate(Span<byte> area, string kind, Random random)
    {
        switch (kind)
        {
            case "bytes":
                int count = 1 + random.Next(64);
                for (int i = 0; i < count; i++)
                {
                    area[LiveOffset(area, random)] ^= (byte)(1 + random.Next(255));
                }

                return $"{count} bytes";
            case "line":
                int line = LiveOffset(area, random) / LineBytes * LineBytes;
                random.NextBytes(area.Slice(line, LineBytes));
                return $"line at {line}";
            case "page":
                int page = LiveOffset(area, random) / PageBytes * PageBytes;
                random.NextBytes(area.Slice(page, PageBytes));
                return $"page at {page}";
            case "zero":
                area.Clear();
                return "all zero";
            case "ones":
                area.Fill(0xFF);
                return "all ones";
            case "garbage":
                random.NextBytes(area);
                return "all garbage";
            case "replay":
                return Replay(area, random);
            default:
                return Aim(area, s_targets.First(target => target.Kind == kind), random);
        }
    }

    /// <summary>Writes one field: once, in several slots, or for a while, so that whatever is read there next is wrong.</summary>
    private static string Aim(Span<byte> area, Target target, Random random)
    {
        int count = random.Next(3) switch { 0 => 1, 1 => LiveSlotCount, _ => 20_000 };
        int style = random.Next(5);
        ulong small = (ulong)random.Next(4);
        for (int i = 0; i < count; i++)
        {
            int offset = OffsetOf(area, target.Part, random) + target.OffsetBytes;
            Span<byte> field = area.Slice(offset, target.SizeBytes);
            ulong old = target.SizeBytes == 8 ? MemoryMarshal.Read<ulong>(field) : MemoryMarshal.Read<uint>(field);
            ulong value = style switch
            {
                0 => 0,
                1 => ulong.MaxValue,
                2 => old + (ulong)(1 + random.Next(3)),
                3 => small,
                _ => (ulong)random.NextInt64(),
            };
            MemoryMarshal.AsBytes(new ReadOnlySpan<ulong>(in value))[..target.SizeBytes].CopyTo(field);
        }

        return $"{count} times, style {style}";
    }

    /// <summary>Makes an old completion look like the next ones: everything in it is right but its being said again.</summary>
    private static string Replay(Span<byte> area, Random random)
    {
        int from = OffsetOf(area, Part.Completion, random);
        byte[] old = area.Slice(from, CompletionSlot.SizeBytes).ToArray();
        uint sequence = MemoryMarshal.Read<uint>(old);
        int first = from - ((from - ControlHeader.SizeBytes) % DeviceBlock.SizeBytes) + DeviceBlock.CompletionSlotsOffset;
        for (uint ahead = 1; ahead < LiveSlotCount; ahead++)
        {
            uint next = sequence + ahead;
            MemoryMarshal.Write(old, in next);
            old.CopyTo(area.Slice(first + ((int)((next - 1) % LiveSlotCount) * CompletionSlot.SizeBytes), CompletionSlot.SizeBytes));
        }

        return $"completion {sequence}";
    }

    /// <summary>A place that is in use: the rest of the area is never touched by anyone.</summary>
    private static int LiveOffset(Span<byte> area, Random random) => random.Next(4) switch
    {
        0 => random.Next(ControlHeader.AbortTextOffset + 64),
        1 => OffsetOf(area, Part.Device, random) + random.Next(192),
        2 => OffsetOf(area, Part.Command, random) + random.Next(CommandSlot.SizeBytes),
        _ => OffsetOf(area, Part.Completion, random) + random.Next(CompletionSlot.SizeBytes),
    };

    private static int OffsetOf(Span<byte> area, Part part, Random random)
    {
        int deviceCount = (area.Length - ControlHeader.SizeBytes) / DeviceBlock.SizeBytes;
        int device = ControlHeader.SizeBytes + (random.Next(deviceCount) * DeviceBlock.SizeBytes);
        return part switch
        {
            Part.Header => 0,
            Part.Device => device,
            Part.Command => device + DeviceBlock.CommandSlotsOffset + (random.Next(LiveSlotCount) * CommandSlot.SizeBytes),
            _ => device + DeviceBlock.CompletionSlotsOffset + (random.Next(LiveSlotCount) * CompletionSlot.SizeBytes),
        };
    }

    private static int Of<T>(string field) => (int)Marshal.OffsetOf<T>(field);

    private readonly record struct Target(string Kind, Part Part, int OffsetBytes, int SizeBytes);
}
