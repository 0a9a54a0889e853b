using Microsoft.Win32.SafeHandles;

namespace OpenVdi.Backup.Media;

/// <summary>Reading a file into a shared buffer, for the media that do.</summary>
internal static class FileTransfer
{
    /// <summary>Fills the buffer, or ends with the data.</summary>
    public static TransferOutcome Read(
        IFileLayer files, SafeFileHandle handle, string name, Span<byte> buffer, long positionBytes)
    {
        int total = 0;
        try
        {
            while (total < buffer.Length)
            {
                int count = files.Read(handle, buffer[total..], positionBytes + total);
                if (count == 0)
                {
                    break;
                }

                total += count;
            }

            return new TransferOutcome(total);
        }
        catch (Exception exception) when (FileMedium.IsFileTrouble(exception))
        {
            MediumFailure failure = MediumFailure.From(name, $"read {buffer.Length} bytes at {positionBytes}", exception);
            return new TransferOutcome(total, failure);
        }
    }
}
