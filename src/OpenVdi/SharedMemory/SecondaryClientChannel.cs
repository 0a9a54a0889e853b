using Microsoft.Win32.SafeHandles;
using OpenVdi.Transport;

namespace OpenVdi.SharedMemory;

/// <summary>A secondary client's end: it is told by the primary what the primary knows.</summary>
internal sealed class SecondaryClientChannel : SharedClientChannel
{
    // The primary sends all it knows with the welcome.
    private static readonly TimeSpan s_configurationLimit = TimeSpan.FromSeconds(5);

    private readonly ControlConnection _primary;
    private readonly SetName _name;

    private SecondaryClientChannel(Handshake.Admission admission, SetName name)
        : base(admission.Control, admission.Wishes)
    {
        _primary = admission.Connection;
        _name = name;
    }

    /// <summary>Joins a set.</summary>
    public static VdFailure? TryJoin(string path, SetName name, string instanceName, out SecondaryClientChannel? channel)
    {
        channel = null;
        VdFailure? failure = Handshake.TryEnter(
            path, PeerRole.Secondary, instanceName, VdResult.ProtocolError, out Handshake.Admission? admission);
        if (failure is not null)
        {
            return failure with { Message = $"set '{name}': {failure.Message}" };
        }

        channel = new SecondaryClientChannel(admission!, name);
        failure = ControlLoop.TryStart(channel, null, channel._primary, "OpenVdi secondary", out ControlLoop? loop);
        channel.Loop = loop;
        WaitOutcome outcome = failure is null ? channel.WaitConfigured(s_configurationLimit, out _) : WaitOutcome.TimedOut;
        if (outcome == WaitOutcome.Ready)
        {
            return null;
        }

        failure ??= outcome == WaitOutcome.Aborted
            ? new VdFailure(VdResult.Aborted, $"set '{name}': aborted: {channel.Abort?.Detail}")
            : new VdFailure(VdResult.ProtocolError, $"set '{name}': its primary did not pass the configuration on");
        if (loop is null)
        {
            channel._primary.Dispose();
        }

        channel.Dispose();
        channel = null;
        return failure;
    }

    /// <inheritdoc/>
    public override bool Handle(ControlConnection connection, ref ControlMessage message, SafeFileHandle? attached)
    {
        bool isGood;
        switch (message.Kind)
        {
            case MessageKind.Area:
                isGood = Directory.TryAddArea(ref message, attached, out _);
                attached = isGood ? null : attached;
                break;
            case MessageKind.Named:
                isGood = Directory.TryAddName(ref message);
                break;
            case MessageKind.Configured:
                isGood = Directory.TryConfigure(ref message);
                break;
            case MessageKind.Aborted:
                isGood = TakeAbort(connection, ref message);
                break;
            default:
                isGood = false;
                break;
        }

        attached?.Dispose();
        if (!isGood)
        {
            SignalAbort(AbortReason.InternalFailure, $"set '{_name}': what the primary passed on cannot be used ({message.Kind})");
        }

        return isGood;
    }

    /// <inheritdoc/>
    public override void HandleEnd(ControlConnection connection, string how)
    {
        if (!IsClosedByServer)
        {
            SignalAbort(AbortReason.ClientDied, $"set '{_name}': the primary client is gone: {how}");
        }
    }

    private protected override void Leave()
    {
        // What others have open goes on (P7).
        if (HasOpenDevice)
        {
            SignalAbort(AbortReason.ClientClosed, $"set '{_name}': a secondary client closed it while a device was open");
        }
    }

    private protected override void Tell(in ControlMessage message, ControlConnection? except)
    {
        if (_primary != except)
        {
            _ = _primary.TrySend(message);
        }
    }
}
