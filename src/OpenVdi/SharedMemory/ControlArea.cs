using System.Text;
using Microsoft.Win32.SafeHandles;
using OpenVdi.SharedMemory.Layout;
using OpenVdi.Transport;

namespace OpenVdi.SharedMemory;

/// <summary>The control area of a set, mapped here: the words of the set and the rings of its devices. What a peer may have
/// written is read once and checked by whoever reads it.</summary>
internal sealed unsafe class ControlArea : IDisposable
{
    private readonly Mapping _mapping;

    private ControlArea(SafeFileHandle file, Mapping mapping, int deviceCount)
    {
        File = file;
        _mapping = mapping;
        DeviceCount = deviceCount;
    }

    /// <summary>The memory itself, to be handed on.</summary>
    public SafeFileHandle File { get; }

    /// <summary>From the wishes, not from the memory.</summary>
    public int DeviceCount { get; }

    /// <summary>The head.</summary>
    public ControlHeader* Header => (ControlHeader*)_mapping.Address;

    /// <summary>Why the set was aborted; <see cref="AbortReason.None"/> while it lives. Any number is possible here, and any
    /// but 0 ends the set.</summary>
    public AbortReason AbortWord
    {
        get
        {
            // Pairs with the exchange in TryMarkAborted.
            uint word = Volatile.Read(ref Header->AbortReason);
            return word <= (uint)AbortReason.PeerViolation ? (AbortReason)word : AbortReason.PeerViolation;
        }
    }

    /// <summary>Bytes of a control area for so many devices. Most of them are never touched.</summary>
    public static long SizeBytesFor(int deviceCount) => ControlHeader.SizeBytes + ((long)deviceCount * DeviceBlock.SizeBytes);

    /// <summary>Makes the area: the primary's part.</summary>
    public static VdFailure? TryCreate(int deviceCount, out ControlArea? area)
    {
        area = null;
        long sizeBytes = SizeBytesFor(deviceCount);
        VdFailure? failure = SealedMemory.TryCreate("openvdi-control", sizeBytes, out SafeFileHandle? file)
            ?? SealedMemory.Fill(file!, 0, ControlHeader.SizeBytes);
        for (int device = 0; device < deviceCount && failure is null; device++)
        {
            failure = SealedMemory.Fill(file!, DeviceOffset(device), DeviceBlock.CommandSlotsOffset);
        }

        if (failure is null)
        {
            failure = TryMap(file!, deviceCount, out area);
        }

        if (area is null)
        {
            file?.Dispose();
            return failure;
        }

        area.Header->DeviceCount = (uint)deviceCount;
        area.Header->AreaSizeBytes = (ulong)sizeBytes;
        area.Header->Version = ControlHeader.VersionValue;
        area.Header->Magic = ControlHeader.MagicValue;
        return null;
    }

    /// <summary>Maps an area that the primary made, after a check that it is what it should be. Owns the file on success.</summary>
    public static VdFailure? TryOpen(SafeFileHandle file, int deviceCount, out ControlArea? area)
    {
        area = null;
        if (!SealedMemory.IsSealed(file, SizeBytesFor(deviceCount)))
        {
            return new VdFailure(VdResult.Invalid,
                $"control area: expected {SizeBytesFor(deviceCount)} bytes of sealed shared memory");
        }

        VdFailure? failure = TryMap(file, deviceCount, out area);
        if (area is null)
        {
            return failure;
        }

        ControlHeader head = *area.Header;
        if (head.Magic == ControlHeader.MagicValue && head.Version == ControlHeader.VersionValue
            && head.DeviceCount == (uint)deviceCount)
        {
            return null;
        }

        area._mapping.Dispose();
        area = null;
        return new VdFailure(VdResult.Invalid, $"control area: expected version {ControlHeader.VersionValue} for {deviceCount} "
            + $"devices, found version {head.Version} for {head.DeviceCount}",
            "both programs must use the same version of this library.");
    }

    /// <summary>Gives the rings their memory, for queues of a capacity.</summary>
    public VdFailure? FillRings(int capacity)
    {
        VdFailure? failure = null;
        for (int device = 0; device < DeviceCount && failure is null; device++)
        {
            long block = DeviceOffset(device);
            failure = SealedMemory.Fill(File, block + DeviceBlock.CommandSlotsOffset, (long)capacity * CommandSlot.SizeBytes)
                ?? SealedMemory.Fill(File, block + DeviceBlock.CompletionSlotsOffset, (long)capacity * CompletionSlot.SizeBytes);
        }

        return failure;
    }

    /// <summary>A device's words.</summary>
    public DeviceBlock* Device(int index) => (DeviceBlock*)(_mapping.Address + DeviceOffset(index));

    /// <summary>A device's command ring.</summary>
    public CommandSlot* Commands(int index) => (CommandSlot*)((byte*)Device(index) + DeviceBlock.CommandSlotsOffset);

    /// <summary>A device's completion ring.</summary>
    public CompletionSlot* Completions(int index) => (CompletionSlot*)((byte*)Device(index) + DeviceBlock.CompletionSlotsOffset);

    /// <summary>Marks the set aborted for everybody and wakes everybody who sleeps on it. The first reason stays.</summary>
    /// <returns>Whether this reason was the first.</returns>
    public bool TryMarkAborted(AbortReason reason, string detail)
    {
        // The words first, so that whoever sees the mark finds them. One party writes them: who claims the place. If it dies
        // over it, the mark of the others stands without words.
        if (Interlocked.CompareExchange(ref Header->AbortTextClaim, 1, 0) == 0)
        {
            WriteAbortText(reason, detail);
        }

        // A full fence: the mark is there before anybody is woken to look for it.
        bool isFirst = Interlocked.CompareExchange(ref Header->AbortReason, (uint)reason, 0) == 0;
        WakeWord.SignalAll(&Header->AgentWakeWord);
        for (int device = 0; device < DeviceCount; device++)
        {
            WakeWord.SignalAll(&Device(device)->WakeWord);
        }

        return isFirst;
    }

    /// <summary>The words of the abort, if they are there. A peer may have written anything: a copy, checked.</summary>
    public AbortNotice? ReadAbortText()
    {
        uint length = Volatile.Read(ref Header->AbortTextBytes);
        uint reason = Volatile.Read(ref Header->AbortTextReason);
        if (length is 0 or > ControlHeader.MaxAbortTextBytes || reason is 0 or > (uint)AbortReason.PeerViolation)
        {
            return null;
        }

        byte[] copy = new Span<byte>((byte*)Header + ControlHeader.AbortTextOffset, (int)length).ToArray();
        return new AbortNotice((AbortReason)reason, Encoding.UTF8.GetString(copy));
    }

    /// <summary>Whether every device has been reported closed, or has its close mark in the queue.</summary>
    public bool HasAllCloseMarks(int capacity)
    {
        for (int device = 0; device < DeviceCount; device++)
        {
            if (!HasCloseMark(device, capacity))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>How many devices have a claim word of this value.</summary>
    public int CountClaims(uint value)
    {
        int count = 0;
        for (int device = 0; device < DeviceCount; device++)
        {
            count += Volatile.Read(ref Device(device)->Claim) == value ? 1 : 0;
        }

        return count;
    }

    /// <summary>Bytes that clients say they have transferred: for a listing, nothing depends on it.</summary>
    public long BytesTransferred()
    {
        ulong bytes = 0;
        for (int device = 0; device < DeviceCount; device++)
        {
            bytes += Volatile.Read(ref Device(device)->BytesTransferred);
        }

        return (long)Math.Min(bytes, long.MaxValue);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _mapping.Dispose();
        File.Dispose();
    }

    private static VdFailure? TryMap(SafeFileHandle file, int deviceCount, out ControlArea? area)
    {
        Mapping? mapping = Mapping.TryMap(file, SizeBytesFor(deviceCount), out int errno);
        area = mapping is null ? null : new ControlArea(file, mapping, deviceCount);
        return mapping is null ? SystemFailure.Of(errno, "the control area cannot be mapped") : null;
    }

    private void WriteAbortText(AbortReason reason, string detail)
    {
        Span<byte> place = new((byte*)Header + ControlHeader.AbortTextOffset, ControlHeader.MaxAbortTextBytes);
        Encoding.UTF8.GetEncoder().Convert(detail, place, flush: true, out _, out int length, out _);
        Header->AbortTextReason = (uint)reason;

        // Release: the words are there before their length is. Pairs with the read in ReadAbortText.
        Volatile.Write(ref Header->AbortTextBytes, (uint)length);
    }

    private bool HasCloseMark(int index, int capacity)
    {
        // The client may pass commands while we look; one that only pretends to is not waited for.
        const int MaxLooks = 64;
        DeviceBlock* device = Device(index);
        uint passed;
        int looks = 0;
        do
        {
            passed = Volatile.Read(ref device->PassedCount);
            for (uint number = passed; number - passed < (uint)capacity; number++)
            {
                CommandSlot* slot = Commands(index) + (number & (uint)(capacity - 1));
                if (Volatile.Read(ref slot->Sequence) != number + 1)
                {
                    break;
                }

                if (Volatile.Read(ref slot->Code) == (int)DeviceCommand.CloseMark)
                {
                    return true;
                }
            }

            // A mark that is no longer in the queue was reported before it was passed.
            if (Volatile.Read(ref device->Claim) == DeviceBlock.ReportedClosed)
            {
                return true;
            }
        }
        while (Volatile.Read(ref device->PassedCount) != passed && ++looks < MaxLooks);

        return false;
    }

    private static long DeviceOffset(int index) => ControlHeader.SizeBytes + ((long)index * DeviceBlock.SizeBytes);
}
