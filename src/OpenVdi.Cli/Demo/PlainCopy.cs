using System.Diagnostics;
using Microsoft.Win32.SafeHandles;
using OpenVdi.Backup.Media;

namespace OpenVdi.Cli.Demo;

/// <summary>What a backup is compared with: reading a file and writing it to another, in pieces of the size of a
/// transfer, one thread, with the same durable end: temporary name, fsync, rename over the old file, fsync of the folder.
/// </summary>
internal static class PlainCopy
{
    private const int PieceBytes = 1 << 20;

    /// <summary>Copies a file over another; gives the time.</summary>
    public static TimeSpan Measure(string source, string target)
    {
        byte[] piece = GC.AllocateUninitializedArray<byte>(PieceBytes, pinned: true);
        long start = Stopwatch.GetTimestamp();
        using SafeFileHandle input = File.OpenHandle(source, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using FileMedium output = FileMedium.Create(target);
        for (long position = 0; ;)
        {
            int count = RandomAccess.Read(input, piece, position);
            if (count == 0)
            {
                break;
            }

            Require(output.Write(piece.AsSpan(0, count), position).Failure);
            position += count;
        }

        Require(output.Publish());
        return Stopwatch.GetElapsedTime(start);
    }

    private static void Require(MediumFailure? failure)
    {
        if (failure is not null)
        {
            throw new CommandFailure(
                failure.IsFull ? ExitCode.DiskFull : ExitCode.MediumFailed, failure.Message, failure.Hint);
        }
    }
}
