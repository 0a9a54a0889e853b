using System.IO.MemoryMappedFiles;
using OpenVdi.Bench.Work;

namespace OpenVdi.Bench.Contenders;

/// <summary>What a program does that knows neither futex nor ring: bytes through a memory-mapped file, a byte through a
/// pipe for each transfer, a byte back when its place is free.</summary>
internal sealed unsafe class MappedFileEnd : WorkerEnd
{
    private readonly int _places;
    private readonly FileStream? _file;
    private readonly MemoryMappedFile _map;
    private readonly MemoryMappedViewAccessor _view;
    private readonly PipeSource _announcements;
    private readonly PipeSource _answers;
    private readonly byte* _base;
    private (ByteChannel Announcements, ByteChannel Answers)[] _channels = [];

    /// <summary>The server's end: makes the file, which has no name after that, and the pipes.</summary>
    public MappedFileEnd(PayloadSet payloads, bool queued)
        : this(Role.Server, payloads, queued, endpoint: null)
    {
    }

    /// <summary>The client's end.</summary>
    public MappedFileEnd(PayloadSet payloads, bool queued, string endpoint)
        : this(Role.Client, payloads, queued, endpoint)
    {
    }

    private MappedFileEnd(Role role, PayloadSet payloads, bool queued, string? endpoint)
        : base(role, payloads, payloads.Plan.Devices)
    {
        _places = queued ? Plan.BuffersPerDevice : 1;
        string[]? parts = endpoint?.Split('|');
        _file = parts is null
            ? new FileStream(
                Path.Join(Path.GetTempPath(), $"openvdi-bench-{Guid.NewGuid():N}"), FileMode.CreateNew,
                FileAccess.ReadWrite, FileShare.ReadWrite, 0, FileOptions.DeleteOnClose)
            : new FileStream(parts[0], FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete, 0);
        long bytes = (long)Plan.Devices * _places * Plan.TransferBytes;
        if (role == Role.Server)
        {
            _file.Write(new byte[bytes]);
            _file.Flush();
        }

        _map = MemoryMappedFile.CreateFromFile(_file, null, bytes, MemoryMappedFileAccess.ReadWrite, HandleInheritability.None, true);
        _view = _map.CreateViewAccessor(0, bytes);
        _view.SafeMemoryMappedViewHandle.AcquirePointer(ref _base);
        _announcements = parts is null ? new PipeSource(Plan, 0) : new PipeSource(parts[1]);
        _answers = parts is null ? new PipeSource(Plan, 0) : new PipeSource(parts[2]);
        if (role == Role.Client)
        {
            Connect();
        }
    }

    public override string Endpoint => $"{_file!.Name}|{_announcements.Endpoint}|{_answers.Endpoint}";

    public override void Connect() => _channels =
        [.. Lanes.Select(lane => (_announcements.Open(lane.Device, lane.IsProducer), _answers.Open(lane.Device, !lane.IsProducer)))];

    protected override void Carry(Lane lane)
    {
        (ByteChannel announcements, ByteChannel answers) = _channels[lane.Device];
        Span<byte> token = stackalloc byte[1];
        while (lane.CanIssue)
        {
            int transfer = lane.Issue();
            if (lane.IsProducer)
            {
                if (transfer >= _places)
                {
                    answers.Receive(token);
                }

                lane.Work(transfer, Place(lane.Device, transfer));
                announcements.Send(token);
            }
            else
            {
                announcements.Receive(token);
                lane.Work(transfer, Place(lane.Device, transfer));
                answers.Send(token);
            }

            lane.Finish();
        }

        for (int left = Math.Min(_places, lane.Total); lane.IsProducer && left > 0; left--)
        {
            answers.Receive(token);
        }
    }

    protected override void Release()
    {
        base.Release();
        foreach ((ByteChannel announcements, ByteChannel answers) in _channels)
        {
            announcements.Dispose();
            answers.Dispose();
        }

        _view.SafeMemoryMappedViewHandle.ReleasePointer();
        _view.Dispose();
        _map.Dispose();
        _file?.Dispose();
    }

    private Span<byte> Place(int device, int transfer) =>
        new(_base + ((((long)device * _places) + (transfer % _places)) * Plan.TransferBytes), Plan.TransferBytes);
}
