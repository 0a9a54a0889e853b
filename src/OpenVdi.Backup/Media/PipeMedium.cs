using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using OpenVdi.Backup.Media.Native;

namespace OpenVdi.Backup.Media;

/// <summary>
/// A descriptor that takes or gives bytes in order: standard output or input, a named pipe, a device file. There is
/// nothing to publish and nothing to take back: whoever reads the other end learns of a failure from this process's
/// exit code alone.
/// </summary>
public sealed class PipeMedium : Medium
{
    // One transfer of the largest usual size, so that writer and reader work at the same time.
    private const int PipeSizeBytes = 1 << 20;

    private readonly SafeFileHandle _given;
    private readonly SafeFileHandle _handle;
    private readonly SafeFileHandle _alarm = Interop.CreateAlarm();
    private readonly bool _isWriter;
    private volatile bool _isInterrupted;
    private MediumFailure? _failure;
    private long _positionBytes;

    private PipeMedium(string name, SafeFileHandle handle, bool isWriter)
        : base(name)
    {
        _given = handle;
        _handle = handle;
        _isWriter = isWriter;
        if (Interop.IsPipe(handle))
        {
            Interop.TryEnlargePipe(handle, PipeSizeBytes);
            SafeFileHandle second = isWriter ? Interop.ReopenWithoutBlocking(handle) : handle;
            _handle = second.IsInvalid ? handle : second;
        }
    }

    /// <inheritdoc/>
    public override long LengthBytes => _positionBytes;

    /// <summary>This process's standard output. It must carry nothing else from now on.</summary>
    public static PipeMedium StandardOutput() =>
        new("standard output", new SafeFileHandle(1, ownsHandle: false), isWriter: true);

    /// <summary>This process's standard input.</summary>
    public static PipeMedium StandardInput() =>
        new("standard input", new SafeFileHandle(0, ownsHandle: false), isWriter: false);

    /// <summary>Opens a named pipe or device file. Waits for the other end of a named pipe.</summary>
    /// <exception cref="MediumException">It cannot be opened.</exception>
    public static PipeMedium Open(string path, bool forWriting)
    {
        try
        {
            SafeFileHandle handle = File.OpenHandle(
                path, FileMode.Open, forWriting ? FileAccess.Write : FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            return new PipeMedium(path, handle, forWriting);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new MediumException(
                forWriting ? MediumProblem.Refused : MediumProblem.NotFound,
                MediumFailure.From(path, "open it", exception).Message, null, exception);
        }
    }

    internal static PipeMedium Over(string name, SafeFileHandle handle, bool isWriter) => new(name, handle, isWriter);

    /// <inheritdoc/>
    public override TransferOutcome Write(ReadOnlySpan<byte> data, long positionBytes)
    {
        if (!_isWriter || positionBytes != _positionBytes)
        {
            return new TransferOutcome(0, Unsupported($"write at {positionBytes}"));
        }

        int total = 0;
        while (_failure is null && !IsInterrupted("write") && total < data.Length)
        {
            nint count = Interop.Write(_handle, data[total..]);
            if (count >= 0)
            {
                total += (int)count;
                _positionBytes += count;
            }
            else
            {
                Judge($"write {data.Length} bytes at {positionBytes}");
            }
        }

        return new TransferOutcome(total, _failure);
    }

    /// <inheritdoc/>
    public override TransferOutcome Read(Span<byte> buffer, long positionBytes)
    {
        if (_isWriter || positionBytes != _positionBytes)
        {
            return new TransferOutcome(0, Unsupported($"read at {positionBytes}"));
        }

        int total = 0;
        while (_failure is null && total < buffer.Length)
        {
            // Waiting is poll's: it hears the alarm, and the read that follows finds something or the end.
            _ = Interop.WaitReady(_handle, forWriting: false, _alarm);
            if (IsInterrupted("read"))
            {
                break;
            }

            nint count = Interop.Read(_handle, buffer[total..]);
            if (count == 0)
            {
                break;
            }

            if (count > 0)
            {
                total += (int)count;
                _positionBytes += count;
            }
            else
            {
                Judge($"read {buffer.Length} bytes at {positionBytes}");
            }
        }

        return new TransferOutcome(total, _failure);
    }

    /// <inheritdoc/>
    /// <remarks>What a pipe has taken is out of our hands. A redirection to a file is made durable.</remarks>
    public override MediumFailure? Flush()
    {
        try
        {
            if (_isWriter && _failure is null)
            {
                // Silent for what has nothing to flush: the kernel answers EINVAL for pipes, which is not passed on.
                RandomAccess.FlushToDisk(_handle);
            }
        }
        catch (Exception exception) when (FileMedium.IsFileTrouble(exception))
        {
            _failure = MediumFailure.From(Name, "make the data durable", exception);
        }

        return _failure;
    }

    /// <inheritdoc/>
    public override void Interrupt()
    {
        _isInterrupted = true;
        try
        {
            Interop.Ring(_alarm);
        }
        catch (ObjectDisposedException)
        {
            // Nobody transfers any more.
        }
    }

    /// <inheritdoc/>
    protected override void Release()
    {
        _handle.Dispose();
        _given.Dispose();
        _alarm.Dispose();
    }

    private bool IsInterrupted(string action)
    {
        if (_isInterrupted)
        {
            _failure ??= new MediumFailure(CompletionCode.OperationAborted, $"{Name}: {action} was interrupted");
        }

        return _isInterrupted;
    }

    private void Judge(string action)
    {
        int errno = Marshal.GetLastPInvokeError();
        if (errno == Interop.Eagain)
        {
            _ = Interop.WaitReady(_handle, _isWriter, _alarm);
        }
        else if (errno != Interop.Eintr)
        {
            IOException exception = new(Marshal.GetPInvokeErrorMessage(errno), errno);
            _failure = MediumFailure.From(Name, action, exception);
        }
    }
}
