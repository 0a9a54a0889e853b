using Microsoft.Win32.SafeHandles;

namespace OpenVdi.Backup.Media;

/// <summary>
/// A file that receives one device's stream. It is written under a temporary name beside the target, mode 0600, and gets
/// the target's name only by <see cref="Publish"/>: fsync, rename, fsync of the folder. What had that name before stays
/// untouched until then. Disposed of unpublished, it leaves nothing.
/// </summary>
/// <remarks>After the first failed write or flush it fails for good: what the kernel has dropped once, a later fsync would
/// report as safe.</remarks>
public sealed class FileMedium : Medium
{
    // EWOULDBLOCK, with which the base library reports a lock that another holder has.
    private const int LockHeld = 11;

    private readonly IFileLayer _files;
    private readonly PartialFile _partial;
    private MediumFailure? _failure;
    private long _endBytes;
    private bool _isPublished;
    private bool _hasReplaced;
    private bool _isDisposed;

    private FileMedium(IFileLayer files, string name, PartialFile partial)
        : base(name)
    {
        _files = files;
        _partial = partial;
    }

    /// <inheritdoc/>
    public override bool CanPosition => true;

    /// <inheritdoc/>
    public override long LengthBytes => _endBytes;

    /// <summary>Where the file will be, links followed.</summary>
    public string TargetPath => _partial.TargetPath;

    /// <summary>Opens a new file for a target.</summary>
    /// <exception cref="MediumException">The target cannot be written, or is being written by a living process. Nothing
    /// was changed.</exception>
    public static FileMedium Create(string target) => Create(target, FileLayer.Instance);

    internal static FileMedium Create(string target, IFileLayer files)
    {
        string path = ResolveTarget(target);
        try
        {
            return new FileMedium(files, target, PartialFile.Create(files, path, target));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            MediumFailure failure = MediumFailure.From(target, "create a file in its folder", exception);
            throw new MediumException(
                failure.Code is CompletionCode.IODevice && exception is IOException ? MediumProblem.Failed : MediumProblem.Refused,
                failure.Message, failure.Hint, exception);
        }
    }

    /// <inheritdoc/>
    public override TransferOutcome Write(ReadOnlySpan<byte> data, long positionBytes)
    {
        if (_failure is not null)
        {
            return new TransferOutcome(0, _failure);
        }

        try
        {
            _files.Write(_partial.Handle, data, positionBytes);
        }
        catch (Exception exception) when (IsFileTrouble(exception))
        {
            _failure = MediumFailure.From(Name, $"write {data.Length} bytes at {positionBytes}", exception);
            return new TransferOutcome(0, _failure);
        }

        // The end is the highest position written, so that a header written again at the front does not cut the data.
        _endBytes = Math.Max(_endBytes, positionBytes + data.Length);
        return new TransferOutcome(data.Length);
    }

    /// <inheritdoc/>
    /// <remarks>A disk-like engine may read back what it has just written (4.3).</remarks>
    public override TransferOutcome Read(Span<byte> buffer, long positionBytes) =>
        FileTransfer.Read(_files, _partial.Handle, Name, buffer, positionBytes);

    /// <inheritdoc/>
    public override MediumFailure? Flush()
    {
        try
        {
            if (_failure is null)
            {
                _files.SetLength(_partial.Handle, _endBytes);
                _files.Flush(_partial.Handle);
            }
        }
        catch (Exception exception) when (IsFileTrouble(exception))
        {
            _failure = MediumFailure.From(Name, "make the data durable", exception);
        }

        return _failure;
    }

    /// <inheritdoc/>
    public override MediumFailure? Publish()
    {
        if (Flush() is { } failure)
        {
            return failure;
        }

        try
        {
            KeepReplaced();
            _files.Rename(_partial.Path, _partial.TargetPath);
            _isPublished = true;
            _files.FlushFolder(Folder);
        }
        catch (Exception exception) when (IsFileTrouble(exception))
        {
            _failure = MediumFailure.From(Name, "give the backup its name", exception);
        }

        return _failure;
    }

    /// <inheritdoc/>
    public override MediumFailure? Withdraw()
    {
        if (!_isPublished)
        {
            return null;
        }

        try
        {
            if (_hasReplaced)
            {
                _files.Rename(_partial.ReplacedPath, _partial.TargetPath);
                _hasReplaced = false;
            }
            else
            {
                _files.Delete(_partial.TargetPath);
            }

            _isPublished = false;
            _files.FlushFolder(Folder);
            return null;
        }
        catch (Exception exception) when (IsFileTrouble(exception))
        {
            return MediumFailure.From(Name, "take the name back", exception);
        }
    }

    /// <inheritdoc/>
    protected override void Release()
    {
        if (_isDisposed)
        {
            return;
        }

        _isDisposed = true;
        try
        {
            // The names go before the lock does, so that nobody takes them for a dead run's in between.
            if (_hasReplaced)
            {
                _files.Delete(_partial.ReplacedPath);
            }

            if (!_isPublished)
            {
                _files.Delete(_partial.Path);
            }
        }
        catch (Exception exception) when (IsFileTrouble(exception))
        {
            // Left over, under a name that nobody mistakes; the next run for this target removes it.
        }
        finally
        {
            _partial.Handle.Dispose();
        }
    }

    internal static bool IsFileTrouble(Exception exception) => exception
        is IOException or UnauthorizedAccessException or NotSupportedException or ArgumentException
        or OutOfMemoryException or ObjectDisposedException;

    private string Folder => Path.GetDirectoryName(_partial.TargetPath)!;

    // A second name keeps the old file until all of the run's media have theirs. A file system without second names
    // publishes without this safety: then only a failure between two renames could cost the old file.
    private void KeepReplaced()
    {
        if (!File.Exists(_partial.TargetPath))
        {
            return;
        }

        try
        {
            _files.Link(_partial.TargetPath, _partial.ReplacedPath);
            _hasReplaced = true;
        }
        catch (Exception exception) when (exception is IOException or PlatformNotSupportedException)
        {
            _hasReplaced = false;
        }
    }

    private static string ResolveTarget(string target)
    {
        if (string.IsNullOrEmpty(target) || target.Contains('\0', StringComparison.Ordinal))
        {
            throw new MediumException(MediumProblem.Refused, "the target's name is empty, or contains a NUL character");
        }

        string path = Path.GetFullPath(target);
        if (Directory.Exists(path) || Path.EndsInDirectorySeparator(target))
        {
            throw new MediumException(
                MediumProblem.Refused, $"{target}: is a folder, expected the name of a file",
                $"add a file name: {Path.Combine(target, "backup.vdi")}.");
        }

        string folder = Path.GetDirectoryName(path)!;
        if (!Directory.Exists(folder))
        {
            throw new MediumException(
                MediumProblem.Refused, $"{target}: the folder {folder} does not exist", "create it first.");
        }

        try
        {
            // A rename would replace a symbolic link, not what it points to.
            path = LinkedPath.Resolve(path);
            if (File.Exists(path))
            {
                using SafeFileHandle probe = File.OpenHandle(
                    path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
            }
        }
        catch (IOException exception) when (exception.HResult == LockHeld)
        {
            // A run that has published it, but not yet all of its media, holds it still.
            throw new MediumException(
                MediumProblem.Busy, $"{target}: another process is using this file now",
                "wait for it, or choose another target.", exception);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new MediumException(
                MediumProblem.Refused, MediumFailure.From(target, "write to the existing file", exception).Message,
                "choose another target, or change its permissions.", exception);
        }

        return path;
    }
}
