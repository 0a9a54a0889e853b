using System.Diagnostics;
using Microsoft.Win32.SafeHandles;

namespace OpenVdi.SharedMemory;

/// <summary>How a party comes to a set: it connects to the primary, says what it is, and is refused or let in.</summary>
internal static class Handshake
{
    // A primary answers at once, unless it is stopped or hung: then the caller is not to hang with it.
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(5);

    /// <summary>What a party is let in with.</summary>
    internal sealed record Admission(ControlConnection Connection, ControlArea Control, SetConfiguration Wishes);

    /// <summary>Connects and asks to be let in.</summary>
    /// <param name="path">The set's name.</param>
    /// <param name="role">Server or secondary.</param>
    /// <param name="instanceName">The caller's instance.</param>
    /// <param name="notThere">The code for "there is no such set, or it does not answer".</param>
    /// <param name="admission">The connection and what came with the welcome.</param>
    public static VdFailure? TryEnter(
        string path, PeerRole role, string instanceName, VdResult notThere, out Admission? admission)
    {
        admission = null;
        ControlConnection? connection = Rendezvous.TryConnect(path);
        if (connection is null)
        {
            return new VdFailure(notThere, $"there is no set at '{path}', or no access to it",
                "the client creates the set before the server opens it; both must see the same /dev/shm and have access.");
        }

        VdFailure? failure = TryEnter(connection, role, instanceName, notThere, out admission);
        if (failure is not null)
        {
            connection.Dispose();
        }

        return failure;
    }

    /// <summary>Says a first word.</summary>
    public static bool TrySayHello(ControlConnection connection, PeerRole role, string instanceName)
    {
        ControlMessage hello = ControlMessage.Begin(new byte[ControlMessage.MaxBytes], MessageKind.Hello);
        hello.Put((uint)role);
        hello.Put(instanceName);
        return connection.TrySend(hello);
    }

    /// <summary>Waits for the primary's next message.</summary>
    /// <returns>Its length; 0 when there is none in time, or the primary is gone.</returns>
    public static int Await(ControlConnection connection, Span<byte> buffer, out SafeFileHandle? attached)
    {
        long started = Stopwatch.GetTimestamp();
        while (true)
        {
            int length = connection.Receive(buffer, out attached, out int errno);
            TimeSpan left = s_limit - Stopwatch.GetElapsedTime(started);
            if (length >= 0 || errno != Interop.Errno.EAGAIN || left <= TimeSpan.Zero)
            {
                return Math.Max(length, 0);
            }

            ReadOnlySpan<Interop.PollFile> files =
            [
                new() { File = connection.SocketNumber, Wanted = Interop.PollIn },
                new() { File = connection.ProcessNumber, Wanted = Interop.PollIn },
            ];
            Interop.Poll(files, (int)Math.Ceiling(left.TotalMilliseconds));
            if (files[1].Found != 0 && files[0].Found == 0)
            {
                return 0;
            }
        }
    }

    private static VdFailure? TryEnter(
        ControlConnection connection, PeerRole role, string instanceName, VdResult notThere, out Admission? admission)
    {
        admission = null;
        byte[] buffer = new byte[ControlMessage.MaxBytes];
        int length = 0;
        SafeFileHandle? attached = null;
        if (TrySayHello(connection, role, instanceName))
        {
            length = Await(connection, buffer, out attached);
        }

        if (length == 0)
        {
            return new VdFailure(notThere,
                $"process {connection.PeerProcessId}, which holds the set, did not answer within {s_limit.TotalSeconds} s");
        }

        ControlMessage message = ControlMessage.Read(buffer.AsSpan(0, length));
        VdFailure? failure = message.Kind switch
        {
            MessageKind.Refused => ReadRefusal(ref message, notThere),
            MessageKind.Welcome when attached is not null => ReadWelcome(connection, ref message, attached, out admission),
            _ => new VdFailure(notThere, $"process {connection.PeerProcessId} answered what is no welcome"),
        };
        if (failure is not null)
        {
            attached?.Dispose();
        }

        return failure;
    }

    private static VdFailure ReadRefusal(ref ControlMessage message, VdResult notThere)
    {
        VdResult result = (VdResult)(int)message.TakeUInt32();
        string words = message.TakeText();
        return message.IsWellFormed() && result != VdResult.Ok
            ? new VdFailure(result, words)
            : new VdFailure(notThere, "the refusal is malformed");
    }

    private static VdFailure? ReadWelcome(
        ControlConnection connection, ref ControlMessage message, SafeFileHandle memory, out Admission? admission)
    {
        admission = null;
        SetConfiguration wishes = message.TakeConfiguration();
        VdFailure? failure = message.IsWellFormed()
            ? ConfigurationRules.CheckWishes(wishes)
            : new VdFailure(VdResult.Invalid, "the welcome is malformed");
        failure ??= ControlArea.TryOpen(memory, (int)wishes.DeviceCount, out ControlArea? control) is { } problem
            ? problem
            : Admit(connection, control!, wishes, out admission);
        return failure is null ? null : failure with { Result = VdResult.Invalid };
    }

    private static VdFailure? Admit(
        ControlConnection connection, ControlArea control, SetConfiguration wishes, out Admission? admission)
    {
        admission = new Admission(connection, control, ConfigurationRules.NormalizeWishes(wishes));
        return null;
    }
}
