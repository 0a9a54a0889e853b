using Microsoft.Win32.SafeHandles;

namespace OpenVdi.Backup.Media;

/// <summary>A file that holds one device's stream, for a restore. Read only; never changed.</summary>
public sealed class StoredFileMedium : Medium
{
    private readonly IFileLayer _files;
    private readonly SafeFileHandle _handle;

    private StoredFileMedium(string name, IFileLayer files, SafeFileHandle handle)
        : base(name)
    {
        _files = files;
        _handle = handle;
        LengthBytes = RandomAccess.GetLength(handle);
    }

    /// <inheritdoc/>
    public override bool CanPosition => true;

    /// <inheritdoc/>
    public override long LengthBytes { get; }

    /// <summary>Opens a stored stream.</summary>
    /// <exception cref="MediumException">There is no such file, or it cannot be read.</exception>
    public static StoredFileMedium Open(string source) => Open(source, FileLayer.Instance);

    internal static StoredFileMedium Open(string source, IFileLayer files)
    {
        if (Directory.Exists(source))
        {
            throw new MediumException(MediumProblem.NotFound, $"{source}: is a folder, expected a backup file");
        }

        try
        {
            // Shared with everybody: a backup that is replaced meanwhile stays readable here under its old inode.
            SafeFileHandle handle = File.OpenHandle(
                source, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, FileOptions.SequentialScan);
            return new StoredFileMedium(source, files, handle);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new MediumException(MediumProblem.NotFound, $"{source}: there is no such file", null, exception);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new MediumException(
                MediumProblem.NotFound, MediumFailure.From(source, "open the file", exception).Message, null, exception);
        }
    }

    /// <inheritdoc/>
    public override TransferOutcome Write(ReadOnlySpan<byte> data, long positionBytes) =>
        new(0, new MediumFailure(CompletionCode.WriteProtect, $"{Name}: cannot write: opened for a restore"));

    /// <inheritdoc/>
    public override TransferOutcome Read(Span<byte> buffer, long positionBytes) =>
        FileTransfer.Read(_files, _handle, Name, buffer, positionBytes);

    /// <inheritdoc/>
    public override MediumFailure? Flush() => null;

    /// <inheritdoc/>
    protected override void Release() => _handle.Dispose();
}
