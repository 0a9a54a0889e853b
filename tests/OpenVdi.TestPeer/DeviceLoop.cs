using System.Security.Cryptography;
using OpenVdi.Client;

namespace OpenVdi.TestPeer;

/// <summary>The backup program's end of one device: one thread that takes commands, stores or supplies their bytes, and
/// completes them, several at a time and out of order when asked to.</summary>
/// <remarks>Events: <c>first</c> with the first command; <c>device-end</c> with the code that ended the loop.</remarks>
internal sealed class DeviceLoop : IDisposable
{
    private readonly ClientVirtualDevice _device;
    private readonly EventWriter _events;
    private readonly string _run;
    private readonly int _index;
    private readonly ulong _seed;
    private readonly int _depth;
    private readonly Random _random;
    private readonly BackupFile? _file;
    private readonly IncrementalHash? _hash;
    private readonly List<ClientCommand> _held = [];
    private readonly long _stallAt;
    private long _offset;
    private long _commandCount;
    private string _violation = string.Empty;

    public DeviceLoop(ClientVirtualDevice device, int index, string set, Request request, EventWriter events)
    {
        _device = device;
        _events = events;
        _run = request["run"];
        _index = index;
        _seed = request.Seed("seed");
        _depth = (int)request.Number("depth", 1);
        _random = new Random(unchecked(((int)_seed * 31) + index));
        _stallAt = request.Number("stall", -1);
        string folder = request.Text("store", string.Empty);
        _file = folder.Length == 0 ? null : new BackupFile(BackupFile.PathOf(folder, set, index));
        _hash = request.Number("hash", 0) == 0 ? null : IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    }

    public void Run()
    {
        VdResult result;
        string error = string.Empty;
        try
        {
            result = TakeAndComplete();
        }
        catch (Exception e) when (e is ObjectDisposedException or ArgumentOutOfRangeException or IOException)
        {
            // The set was closed under this loop, or a scribbler's command is not what it seems.
            result = VdResult.Unexpected;
            error = $"{e.GetType().Name}: {e.Message}";
        }

        _events.Write(
            "device-end",
            _run,
            ("device", _index),
            ("code", result),
            ("commands", _commandCount),
            ("bytes", _offset),
            ("hash", _hash is null ? string.Empty : Convert.ToHexString(_hash.GetCurrentHash())),
            ("error", error),
            ("violation", _violation));
    }

    public void Dispose()
    {
        _file?.Dispose();
        _hash?.Dispose();
    }

    private VdResult TakeAndComplete()
    {
        while (true)
        {
            bool isStalled = _stallAt >= 0 && _commandCount >= _stallAt;
            TimeSpan patience = _held.Count == 0 || isStalled ? Timeout.InfiniteTimeSpan : TimeSpan.Zero;
            VdResult result = _device.GetCommand(patience, out ClientCommand command);
            if (result == VdResult.Ok)
            {
                if (_commandCount++ == 0)
                {
                    _events.Write("first", _run, ("device", _index));
                }

                Act(command);
                _held.Add(command);
            }
            else if (result != VdResult.TimedOut || _held.Count == 0)
            {
                return result;
            }

            if (_stallAt >= 0 && _commandCount >= _stallAt)
            {
                _events.Write("stalled", _run, ("device", _index));
                continue;
            }

            if (_held.Count >= _depth || result == VdResult.TimedOut)
            {
                result = CompleteOne();
                if (result != VdResult.Ok)
                {
                    return result;
                }
            }
        }
    }

    private VdResult CompleteOne()
    {
        int chosen = _held.Count == 1 ? 0 : _random.Next(_held.Count);
        ClientCommand command = _held[chosen];
        _held.RemoveAt(chosen);
        bool isTransfer = command.Code is CommandCode.Read or CommandCode.Write;
        CompletionCode code = IsKnown(command.Code) ? CompletionCode.Success : CompletionCode.NotSupported;
        return _device.CompleteCommand(command, code, isTransfer ? command.SizeBytes : 0);
    }

    private void Act(in ClientCommand command)
    {
        switch (command.Code)
        {
            case CommandCode.Write:
                Span<byte> data = command.Buffer.Span;
                long mismatch = StreamPattern.Mismatch(data, _seed, _index, _offset);
                if (mismatch >= 0 && _violation.Length == 0)
                {
                    _violation = $"the byte at {mismatch} is not the stream's";
                }

                _file?.Write(data);
                _hash?.AppendData(data);
                _offset += data.Length;
                break;
            case CommandCode.Read:
                StreamPattern.Fill(command.Buffer.Span, _seed, _index, _offset);
                _hash?.AppendData(command.Buffer.Span);
                _offset += command.Buffer.SizeBytes;
                break;
            case CommandCode.Complete:
                _file?.Publish();
                break;
        }
    }

    private static bool IsKnown(CommandCode code) =>
        code is CommandCode.Read or CommandCode.Write or CommandCode.Flush or CommandCode.Complete or CommandCode.ClearError;
}
